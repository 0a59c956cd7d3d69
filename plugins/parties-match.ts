import { z } from 'zod'
import { mailboxesOf, readAddressList } from '../mail/address-list.ts'
import type { HeaderField } from '../mail/header-read.ts'
import { definePlugin, proceed, refuse } from './api.ts'
import { valuesOf } from './message.ts'

/**
 * What the reader will see is who sent and who received: From is the account, and To with Cc is the envelope. A
 * recipient whom the header does not show would be a secret party to a legal notice.
 */
export const partiesMatch = definePlugin({
  name: 'parties-match',
  config: z.strictObject({}),
  register(hooks) {
    hooks.on('data_post', ({ transaction, message: { header } }) => {
      const from = addresses(header, 'from')
      if (from === undefined) return refuse('HEADER_UNREADABLE', 'from')
      const account = transaction.session.account.address
      if (from.length !== 1 || from[0] !== account)
        return refuse('FROM_NOT_ACCOUNT', from.slice(0, 3).join(' '))
      const [sender] = addresses(header, 'sender') ?? []
      if (sender !== undefined && sender !== account) return refuse('FROM_NOT_ACCOUNT', sender)
      const to = addresses(header, 'to')
      const cc = addresses(header, 'cc')
      if (to === undefined || cc === undefined)
        return refuse('HEADER_UNREADABLE', to === undefined ? 'to' : 'cc')
      const shown = new Set([...to, ...cc])
      const envelope = new Set(transaction.recipients.map((recipient) => recipient.kep.address))
      const hidden = [...envelope].filter((address) => !shown.has(address))
      if (hidden.length > 0 || valuesOf(header, 'bcc').length > 0)
        return refuse('BCC_RECIPIENT', hidden.slice(0, 3).join(' '))
      const missing = [...shown].filter((address) => !envelope.has(address))
      return missing.length > 0 ? refuse('RECIPIENTS_DIFFER', missing.slice(0, 3).join(' ')) : proceed
    })
  },
})

/** Lower-case addresses of a field; undefined where it holds anything that is not an address. */
function addresses(header: readonly HeaderField[], key: string): string[] | undefined {
  const values = valuesOf(header, key)
  const list = readAddressList(values[0] ?? '')
  if (!list.clean) return undefined
  return mailboxesOf(list).map(({ local, domain }) => `${local}@${domain}`.toLowerCase())
}
