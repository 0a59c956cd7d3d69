import { hash } from 'node:crypto'
import { messageIdsIn } from '../../mail/message-ids.ts'
import type { MimeEnvelope } from '../../mail/mime-part.ts'
import type { MailboxRow, MessageRow } from '../../storage/port.ts'

/** One for the same octets, wherever they lie. [RFC 8474 §5.1] */
export const emailId = ({ body }: Pick<MessageRow, 'body'>): string => emailIdOf(body.hash)

export const emailIdOf = (hash: string): string => `M${hash}`

/**
 * One for messages that go back to the same first one, by what each says of itself: so it never changes, whoever comes or goes.
 * undefined where a message says nothing. [RFC 8474 §5.2]
 */
export function threadId({ messageId, inReplyTo, references }: MimeEnvelope): string | undefined {
  const first = [references, inReplyTo, messageId].flatMap((value) => messageIdsIn(value).slice(0, 1))[0]
  return first === undefined ? undefined : `T${hash('sha256', first).slice(0, 32)}`
}

/** Stays when the mailbox is renamed; a store may use an id again, but not with the same UIDVALIDITY. [RFC 8474 §4] */
export const mailboxId = ({ id, uidValidity }: Pick<MailboxRow, 'id' | 'uidValidity'>): string =>
  `F${id}-${uidValidity}`
