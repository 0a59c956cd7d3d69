import type { MailboxHead, MailboxRow } from '../../storage/port.ts'
import type { Cursor } from './cursor.ts'
import { bad } from './failure.ts'
import type { Session } from './session.ts'
import { mailbox } from './wire-text.ts'

/** [RFC 9051 §6.3.11]; RECENT for IMAP4rev1 clients only, and always 0. */
const ITEMS: ReadonlyMap<string, (head: MailboxHead) => number> = new Map([
  ['MESSAGES', (head: MailboxHead) => head.exists],
  ['UIDNEXT', (head: MailboxHead) => head.uidNext],
  ['UIDVALIDITY', (head: MailboxHead) => head.uidValidity],
  ['UNSEEN', (head: MailboxHead) => head.unseen],
  ['DELETED', (head: MailboxHead) => head.deleted],
  ['SIZE', (head: MailboxHead) => head.bytes],
  ['RECENT', () => 0],
])

export function parseStatusItems(cursor: Cursor): readonly string[] {
  const items = cursor.list(() => cursor.keyword(), 'has items')
  if (items.some((item) => !ITEMS.has(item))) throw bad('There is no such STATUS item')
  return [...new Set(items)]
}

/** undefined where the mailbox is gone. */
export async function statusLine(
  session: Session,
  row: MailboxRow,
  items: readonly string[],
): Promise<string | undefined> {
  const head = await session.parts.store.mailboxes.head(row.id)
  if (head === undefined) return undefined
  const values = items.map((item) => `${item} ${ITEMS.get(item)?.(head) ?? 0}`)
  return `STATUS ${mailbox(row.name, session.rev2)} (${values.join(' ')})`
}
