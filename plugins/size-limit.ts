import { z } from 'zod'
import { definePlugin, proceed, refuse, type Transaction, type Verdict } from './api.ts'

/**
 * 100 MB where every recipient is ours, 25 MB where any is not; octets of the signed message as submitted. The whole
 * message is refused and the recipients that bind it to the smaller limit are named.
 */
export const sizeLimit = definePlugin({
  name: 'size-limit',
  config: z.strictObject({}),
  register(hooks, _settings, { settings }) {
    const check = (size: number, { recipients }: Transaction): Verdict => {
      const foreign = recipients.filter((recipient) => !recipient.local)
      const limit = foreign.length > 0 ? settings.sizePeer : settings.sizeLocal
      if (size <= limit) return proceed
      const names = foreign.slice(0, 3).map((recipient) => recipient.kep.address)
      return refuse('MESSAGE_TOO_BIG', [`${size} > ${limit}`, ...names].join(' '))
    }
    // Refuse on the declared size, before the octets travel. [RFC 1870 §6.1]
    hooks.on('data', ({ transaction }) => check(transaction.declaredSize ?? 0, transaction))
    hooks.on('data_post', ({ transaction, message }) => check(message.size, transaction))
  },
})
