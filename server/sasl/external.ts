import type { SaslContext } from './context.ts'
import { malformed, type SaslExchange, utf8 } from './mechanism.ts'

/** An address with a handle; longer names are nobody's. */
const MAX_NAME = 384

/** Who the client is was shown in TLS; it says whom it acts for. [RFC 4422 §A] */
export const external = ({ desk, ip, service, byCertificate }: SaslContext): SaslExchange => ({
  step: async (response) => {
    const name = utf8(response)
    if (name === undefined || response.length > MAX_NAME || /[\x00-\x1f\x7f-\x9f]/.test(name))
      return malformed('That is no name')
    const attempt = { name, shown: byCertificate?.shown, ip, service }
    return { kind: 'done', result: await desk.checkCertificate(attempt) }
  },
})
