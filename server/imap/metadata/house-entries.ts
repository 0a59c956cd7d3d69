import type { MailboxRow } from '../../../storage/port.ts'
import { SENT } from '../../accounts/standard-mailboxes.ts'
import type { Session } from '../session.ts'
import { type EntryName, levelsBelow } from './entry-name.ts'
import { evidenceEntries } from './evidence-entries.ts'

/** Everything below is the provider's. */
const VENDOR = ['/shared/vendor/openkep', '/private/vendor/openkep'] as const
/** Then the EMAILID of a message in Giden Kutusu, and perhaps a recipient's position. */
const EVIDENCE = '/shared/vendor/openkep/evidence'
const ABOUT_A_MESSAGE = /^\/shared\/vendor\/openkep\/evidence\/m([0-9a-f]{64})(?:\/[1-9][0-9]{0,5})?$/

/** Whether the value is made here and clients only read it. */
export const isHouseEntry = ({ key }: EntryName, row: MailboxRow | undefined): boolean =>
  fixedEntries.some(
    ({ key: known, of }) => known === key && of === (row === undefined ? 'server' : 'mailbox'),
  ) || VENDOR.some((top) => levelsBelow(key, top) !== undefined)

/**
 * Entries of the provider that a question is about, with their values. What there is of each message's evidence is told to
 * who names the message: nobody wants it of all that were ever sent.
 *
 * @param row undefined: of the server
 */
export async function houseEntries(
  session: Session,
  row: MailboxRow | undefined,
  asked: EntryName,
  depth: number,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const { key, of, value } of fixedEntries) {
    const levels = levelsBelow(key, asked.key)
    if (levels === undefined || levels > depth || of !== (row === undefined ? 'server' : 'mailbox')) continue
    const text = value(session, row)
    if (text !== undefined) found.set(key, text)
  }
  const hash = ABOUT_A_MESSAGE.exec(asked.key)?.[1]
  if (row?.name === SENT && hash !== undefined)
    for (const [name, value] of await evidenceEntries(session, hash)) {
      const key = `${EVIDENCE}/m${hash}${name}`
      const levels = levelsBelow(key, asked.key)
      if (levels !== undefined && levels <= depth) found.set(key, value)
    }
  return found
}

interface FixedEntry {
  readonly key: string
  readonly of: 'server' | 'mailbox'
  readonly value: (session: Session, row: MailboxRow | undefined) => string | undefined
}

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const fixedEntries: readonly FixedEntry[] = [
  // [RFC 5464 §6.2.1] [RFC 5464 §6.2.2]
  {
    key: '/shared/comment',
    of: 'server',
    value: ({ parts }) => utf8(`${parts.about.name} (${parts.domain})`),
  },
  {
    key: '/shared/admin',
    of: 'server',
    value: ({ parts }) => (parts.about.contact === undefined ? undefined : utf8(parts.about.contact)),
  },
  // [RFC 6154 §4]
  { key: '/private/specialuse', of: 'mailbox', value: (_, row) => row?.specialUse },
]
