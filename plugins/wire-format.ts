import { z } from 'zod'
import { definePlugin, proceed, refuse } from './api.ts'

/**
 * Octets that two programs would read as two different messages are refused, never mended: bare CR, bare LF and NUL
 * [RFC 5321 §2.3.8], raw 8-bit header fields (SMTPUTF8 is not offered), and lines that no peer must accept
 * [RFC 5321 §4.5.3.1.6] unless the message stays with us.
 */
export const wireFormat = definePlugin({
  name: 'wire-format',
  config: z.strictObject({}),
  register(hooks) {
    hooks.on('data_post', ({ transaction, message: { wire, index } }) => {
      if (wire.nul) return refuse('NUL_OCTET')
      if (wire.bareCr || wire.bareLf) return refuse('BARE_LINE_END')
      if (wire.eightBitHeader) return refuse('HEADER_NOT_ASCII')
      if (wire.longestLine > 998 && transaction.recipients.some((recipient) => !recipient.local))
        return refuse('LINE_TOO_LONG', `${wire.longestLine}`)
      const [fault] = index.faults
      return fault === undefined ? proceed : refuse('MIME_TOO_COMPLEX', fault)
    })
  },
})
