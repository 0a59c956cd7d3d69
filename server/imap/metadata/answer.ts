import { string } from '../../../mail/imap-string.ts'
import type { MailboxRow } from '../../../storage/port.ts'
import { mailboxId } from '../object-id.ts'
import type { Session } from '../session.ts'
import { mailbox } from '../wire-text.ts'
import type { Annotations } from './annotations.ts'
import { type EntryName, levelsBelow } from './entry-name.ts'
import { houseEntries } from './house-entries.ts'
import { entry } from './told-annotations.ts'

export interface MetadataQuestion {
  readonly entries: readonly EntryName[]
  /** Levels below each entry that are wanted too. [RFC 5464 §4.2.2] */
  readonly depth: number
  /** Octets of a value that is still told. [RFC 5464 §4.2.1] */
  readonly maxSize: number
}

/**
 * Tells the entries of one mailbox, or of the server; answers with the size of the largest that was too large, or 0. What is
 * asked for and not there is NIL. [RFC 5464 §4.4.1]
 */
export async function tellMetadata(
  session: Session,
  row: MailboxRow | undefined,
  { entries, depth, maxSize }: MetadataQuestion,
  annotations: Annotations,
): Promise<number> {
  let longest = 0
  const told = new Map<string, string>()
  for (const asked of entries) {
    const found = await valuesOf(session, row, asked, depth, annotations)
    if (found.size === 0) told.set(asked.key, `${entry(asked.shown)} NIL`)
    for (const [key, value] of found) {
      if (value.length > maxSize) longest = Math.max(longest, value.length)
      else told.set(key, `${entry(key === asked.key ? asked.shown : key)} ${valueText(value)}`)
    }
    await session.slice.breathe()
  }
  const { out, enabled } = session
  if (told.size > 0)
    out.untagged(`METADATA ${mailbox(row?.name ?? '', enabled.utf8)} (${[...told.values()].join(' ')})`)
  await out.room()
  return longest
}

async function valuesOf(
  session: Session,
  row: MailboxRow | undefined,
  asked: EntryName,
  depth: number,
  { entries }: Annotations,
): Promise<Map<string, string>> {
  const place = row === undefined ? '' : mailboxId(row)
  const whose = asked.scope === 'shared' ? '' : session.user.person.handle
  const found = new Map<string, string>()
  for (const { person, mailbox: where, key, value } of entries) {
    if (person !== whose || where !== place) continue
    const levels = levelsBelow(key, asked.key)
    if (levels !== undefined && levels <= depth) found.set(key, value)
  }
  for (const [key, value] of await houseEntries(session, row, asked, depth)) found.set(key, value)
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Octets that a string cannot carry go as a literal8. */
const valueText = (octets: string): string =>
  octets.includes('\0') ? `~{${octets.length}}\r\n${octets}` : string(octets)
