import type { MailboxRow, MessageRow } from '../../storage/port.ts'

/** One for the same octets, wherever they lie. [RFC 8474 §5.1] */
export const emailId = ({ body }: Pick<MessageRow, 'body'>): string => `M${body.hash}`

/** Stays when the mailbox is renamed; a store may use an id again, but not with the same UIDVALIDITY. [RFC 8474 §4] */
export const mailboxId = ({ id, uidValidity }: Pick<MailboxRow, 'id' | 'uidValidity'>): string =>
  `F${id}-${uidValidity}`
