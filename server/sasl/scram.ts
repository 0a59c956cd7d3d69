import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ScramKeys } from '../../mail/account.ts'
import type { LoginResult, ProofRefusal } from '../accounts/login.ts'
import type { SaslContext } from './context.ts'
import { malformed, type SaslExchange, type SaslStep } from './mechanism.ts'
import { type ClientFinal, type ClientFirst, readClientFinal, readClientFirst } from './scram-messages.ts'

/** As base64, 24 characters: no two exchanges share one. */
const NONCE_OCTETS = 18

/**
 * SCRAM-SHA-256, bound to the TLS connection or not. The last word, by which the client knows us, leaves only when its own proof
 * was good. [RFC 5802 §5] [RFC 7677 §3]
 *
 * @param isPlus bound: SCRAM-SHA-256-PLUS
 * @param makeNonce our part of the nonce, printable and without commas
 */
export function scram(
  context: SaslContext,
  isPlus: boolean,
  makeNonce: () => string = () => randomBytes(NONCE_OCTETS).toString('base64'),
): SaslExchange {
  let next: (response: Buffer) => Promise<SaslStep> = first
  return { step: (response) => next(response) }

  async function first(response: Buffer): Promise<SaslStep> {
    next = over
    const said = readClientFirst(response)
    if (said === undefined) return malformed('That is no first message of SCRAM')
    const { salt, iterations } = await context.desk.saltOf(said)
    const nonce = said.nonce + makeNonce()
    const ours = `r=${nonce},s=${salt},i=${iterations}`
    next = (answer) => final(answer, said, nonce, ours)
    return { kind: 'challenge', octets: Buffer.from(ours) }
  }

  async function final(response: Buffer, said: ClientFirst, nonce: string, ours: string): Promise<SaslStep> {
    next = over
    const answer = readClientFinal(response)
    if (answer?.nonce !== nonce) return malformed('That is no last message of this exchange')
    const signed = Buffer.from(`${said.bare},${ours},${answer.withoutProof}`)
    let signature: Buffer | undefined
    const result = await context.desk.checkProof({
      name: said.name,
      authzid: said.authzid,
      ip: context.ip,
      service: context.service,
      refusal: (keys) => {
        if (!proves(keys, signed, answer)) return 'password'
        signature = hmac(Buffer.from(keys.serverKey, 'base64'), signed)
        return wrongChannel(said, answer)
      },
    })
    if (!result.ok || signature === undefined) return { kind: 'done', result }
    next = (empty) => acknowledged(empty, result)
    return { kind: 'challenge', octets: Buffer.from(`v=${signature.toString('base64')}`) }
  }

  async function acknowledged(response: Buffer, result: LoginResult): Promise<SaslStep> {
    next = over
    return response.length === 0 ? { kind: 'done', result } : malformed('There is nothing more to say')
  }

  /**
   * Who could bind and believes that we cannot was told of other mechanisms than we offer. Who does not bind to this connection
   * speaks with somebody between us. [RFC 5802 §6]
   */
  function wrongChannel({ flag, header }: ClientFirst, { binding }: ClientFinal): ProofRefusal | undefined {
    if (isPlus !== (typeof flag === 'object')) return 'channel'
    if (flag === 'y' && context.offer.channelBinding) return 'channel'
    const bound = typeof flag === 'object' ? context.channel?.binding(flag.kind) : Buffer.alloc(0)
    if (bound === undefined) return 'channel'
    return binding === Buffer.concat([Buffer.from(header), bound]).toString('base64') ? undefined : 'channel'
  }
}

const over = async (): Promise<SaslStep> => malformed('This exchange is over')

const hmac = (key: Buffer, octets: Buffer): Buffer => createHmac('sha256', key).update(octets).digest()

/** What the client has is the key of which we keep the digest, hidden by a signature that we can make too. [RFC 5802 §3] */
function proves({ storedKey }: ScramKeys, signed: Buffer, { proof }: ClientFinal): boolean {
  const stored = Buffer.from(storedKey, 'base64')
  const mask = hmac(stored, signed)
  const clientKey = proof.map((octet, at) => octet ^ (mask[at] ?? 0))
  return timingSafeEqual(createHash('sha256').update(clientKey).digest(), stored)
}
