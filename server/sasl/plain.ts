import type { SaslContext } from './context.ts'
import { malformed, type SaslExchange, utf8 } from './mechanism.ts'

/** Account, person and password in one message. [RFC 4616 §2] */
export const plain = ({ desk, ip, service }: SaslContext): SaslExchange => ({
  step: async (response) => {
    const [authzid, name, password, more] = response.toString('latin1').split('\0')
    if (authzid === undefined || name === undefined || password === undefined || more !== undefined)
      return malformed('That is no answer of PLAIN')
    // Nobody is called by what is no text, and no password is it.
    if (utf8(response) === undefined) return { kind: 'done', result: { ok: false, reason: 'wrong' } }
    const [asText = '', nameText = '', passwordText = ''] = response.toString('utf8').split('\0')
    const attempt = { authzid: asText, name: nameText, password: passwordText, ip, service }
    return { kind: 'done', result: await desk.check(attempt) }
  },
})
