import type { LoginResult } from '../accounts/login.ts'
import type { TokenJudge } from '../oauth/token-judge.ts'
import type { SaslContext } from './context.ts'
import { malformed, type SaslExchange, type SaslStep, utf8 } from './mechanism.ts'

/** A header without channel binding, then pairs that \x01 ends, then one more. [RFC 7628 §3.1] */
const MESSAGE = /^[ny],(?:a=([^,\x00-\x1f]*))?,\x01((?:[A-Za-z]+=[\x09\x0a\x0d\x20-\x7e]*\x01)*)\x01$/
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i

/**
 * An access token in place of a password. Who is refused is told why in JSON, and has to acknowledge it before the exchange fails.
 * [RFC 7628 §3]
 */
export function oauthbearer({ desk, ip, service }: SaslContext, tokens: TokenJudge): SaslExchange {
  let next: (response: Buffer) => Promise<SaslStep> = first
  return { step: (response) => next(response) }

  async function first(response: Buffer): Promise<SaslStep> {
    next = async () => malformed('This exchange is over')
    const said = read(response)
    if (said === undefined) return malformed('That is no message of OAUTHBEARER')
    const verdict = await tokens.judge(said.token)
    const result = await desk.checkToken({ authzid: said.authzid, verdict, ip, service })
    if (result.ok) return { kind: 'done', result }
    return told(verdict.ok ? 'invalid_token' : verdict.status, result)
  }

  function told(status: string, result: LoginResult): SaslStep {
    next = async () => ({ kind: 'done', result })
    return { kind: 'challenge', octets: Buffer.from(JSON.stringify({ status, ...tokens.hints })) }
  }
}

/** The token, and the account that the client names beside it; undefined for what is no such message. */
function read(response: Buffer): { readonly authzid: string; readonly token: string } | undefined {
  const fields = MESSAGE.exec(utf8(response) ?? '')
  const pairs = (fields?.[2] ?? '').split('\x01').filter((pair) => pair.startsWith('auth='))
  const token = BEARER.exec(pairs[0]?.slice('auth='.length) ?? '')?.[1]
  return token === undefined || pairs.length > 1 ? undefined : { authzid: fields?.[1] ?? '', token }
}
