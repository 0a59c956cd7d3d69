import type { MailboxHead, MailboxRow } from '../../storage/port.ts'
import type { Cursor } from './cursor.ts'
import { bad } from './failure.ts'
import { DELETED } from './flags.ts'
import { uidsOf } from './known-uids.ts'
import { PAGE } from './limits.ts'
import { mailboxId } from './object-id.ts'
import { untoldFrom } from './recent.ts'
import type { Session } from './session.ts'
import { UidList } from './uid-list.ts'
import { mailbox } from './wire-text.ts'

type Item = (head: MailboxHead, session: Session, row: MailboxRow) => number | string | Promise<number>

/** [RFC 9051 §6.3.11]; RECENT for IMAP4rev1 clients only. [RFC 3501 §6.3.10] */
const ITEMS: ReadonlyMap<string, Item> = new Map<string, Item>([
  ['MESSAGES', (head) => head.exists],
  ['UIDNEXT', (head) => head.uidNext],
  ['UIDVALIDITY', (head) => head.uidValidity],
  ['UNSEEN', (head) => head.unseen],
  ['DELETED', (head) => head.deleted],
  ['SIZE', (head) => head.bytes],
  ['RECENT', recentMessages],
  // [RFC 7162 §3.1.7]
  ['HIGHESTMODSEQ', (head) => head.modseq],
  // [RFC 8474 §4.3]
  ['MAILBOXID', (_head, _session, row) => `(${mailboxId(row)})`],
  // [RFC 7889 §5]
  ['APPENDLIMIT', (_head, session) => session.parts.limits.appendMax],
  // [RFC 9208 §4.1.4]
  ['DELETED-STORAGE', deletedOctets],
])

export function parseStatusItems(cursor: Cursor): readonly string[] {
  const items = cursor.list(() => cursor.keyword(), 'has items')
  if (items.some((item) => !ITEMS.has(item))) throw bad('There is no such STATUS item')
  return [...new Set(items)]
}

/** undefined where the mailbox is gone, or where this person may not look into any. */
export async function statusLine(
  session: Session,
  row: MailboxRow,
  items: readonly string[],
): Promise<string | undefined> {
  const head = session.may('read') ? await session.parts.store.mailboxes.head(row.id) : undefined
  if (head === undefined) return undefined
  if (items.includes('HIGHESTMODSEQ')) session.enableCondstore()
  return statusOf(session, row, head, items)
}

/** @param head as it is now */
export async function statusOf(
  session: Session,
  row: MailboxRow,
  head: MailboxHead,
  items: readonly string[],
): Promise<string> {
  const values: string[] = []
  for (const item of items) values.push(`${item} ${(await ITEMS.get(item)?.(head, session, row)) ?? 0}`)
  return `STATUS ${mailbox(row.name, session.enabled.utf8)} (${values.join(' ')})`
}

async function recentMessages(head: MailboxHead, session: Session, row: MailboxRow): Promise<number> {
  const from = session.enabled.rev2 ? head.uidNext : await untoldFrom(session.parts.store, row)
  if (from >= head.uidNext) return 0
  if (from === 1) return head.exists
  const uids = new UidList((await uidsOf(session.parts, row, head)).uids)
  return uids.length - uids.lowerBound(from)
}

/** Octets that expunging would free; the rows are looked at only where there are any. */
async function deletedOctets(head: MailboxHead, session: Session, { id }: MailboxRow): Promise<number> {
  const { mailboxes } = session.parts.store
  let sum = 0
  let last = head.deleted === 0 ? head.uidNext : 0
  while (last < head.uidNext) {
    const page = await mailboxes.page(id, last, PAGE)
    for (const { flags, size } of page) if (flags.includes(DELETED)) sum += size
    last = page.at(-1)?.uid ?? head.uidNext
    await session.slice.breathe()
  }
  return sum
}
