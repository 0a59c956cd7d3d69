import type { MailboxRow } from '../../../storage/port.ts'
import { command } from '../command.ts'
import type { Cursor } from '../cursor.ts'
import { bad, no } from '../failure.ts'
import { type Annotation, changeAnnotations, fits, readAnnotations } from '../metadata/annotations.ts'
import { type MetadataQuestion, tellMetadata } from '../metadata/answer.ts'
import { type EntryName, entryName, levelsBelow } from '../metadata/entry-name.ts'
import { isHouseEntry } from '../metadata/house-entries.ts'
import { MAX_ENTRIES_NAMED, MAX_ENTRY_VALUE } from '../metadata/limits.ts'
import { mailboxId } from '../object-id.ts'
import type { Session } from '../session.ts'

/** [RFC 5464 §4.2] */
export const getMetadata = command({
  name: 'GETMETADATA',
  state: 'authenticated',
  sync: 'all',
  parse: parseGet,
  run: async (session, { name, question }) => {
    const row = await placeOf(session, name)
    const annotations = await readAnnotations(session.parts.store, session.account)
    const longest = await tellMetadata(session, row, question, annotations)
    return longest === 0 ? 'GETMETADATA done' : `[METADATA LONGENTRIES ${longest}] GETMETADATA done`
  },
})

/** All of them or none. Private entries are the person's, shared ones the account's. [RFC 5464 §4.3] */
export const setMetadata = command({
  name: 'SETMETADATA',
  state: 'authenticated',
  sync: 'all',
  tooLarge: `METADATA MAXSIZE ${MAX_ENTRY_VALUE}`,
  parse: parseSet,
  run: async (session, { name, values }) => {
    session.requireWritable()
    const row = await placeOf(session, name)
    session.require('read')
    for (const { entry, value } of values) check(session, row, entry, value)
    const { store } = session.parts
    const places = new Set(['', ...(await store.mailboxes.list(session.account)).map(mailboxId)])
    const changed = await changeAnnotations(store, session.account, (entries) => {
      // Those of mailboxes that were deleted go with the next change.
      const left = entries.filter(({ mailbox }) => places.has(mailbox))
      const after = withValues(session, left, row, values)
      const adds = after.length > left.length || textLength(after) > textLength(left)
      if (adds && !fits(after))
        throw no(
          'METADATA TOOMANY',
          'Kayitlar cok fazla ya da cok buyuk',
          'There are too many entries, or too large ones',
        )
      return after
    })
    await session.annotations.learn(changed)
    // Who goes by modseqs learns that there is something new. [RFC 7162 §3.2]
    if (row !== undefined && changed.after !== changed.before) await store.mailboxes.touch(row.id)
    session.parts.accountHints.tell(session.account)
    return 'SETMETADATA done'
  },
})

/** undefined: the server. Who may not read a mailbox does not read notes about it either. [RFC 5464 §3.3] */
async function placeOf(session: Session, octets: string): Promise<MailboxRow | undefined> {
  if (octets === '') return undefined
  session.require('read')
  return session.mailbox(session.name(octets))
}

function check(
  session: Session,
  row: MailboxRow | undefined,
  entry: EntryName,
  value: string | undefined,
): void {
  if (isHouseEntry(entry, row)) throw no('CANNOT', 'Bu kaydi saglayici tutar', 'The entry is read-only')
  if (levelsBelow(entry.key, `/${entry.scope}`) === 0)
    throw no('CANNOT', 'Bu, butun kayitlarin kokudur', 'That is the root of all entries')
  if (entry.scope === 'shared') session.require('write')
  if (value !== undefined && value.length > MAX_ENTRY_VALUE)
    throw no(`METADATA MAXSIZE ${MAX_ENTRY_VALUE}`, 'Deger cok buyuk', 'The value is too large')
}

interface NewValue {
  readonly entry: EntryName
  /** undefined: the entry goes. */
  readonly value: string | undefined
}

/** Where one is named twice the last value stays. */
function withValues(
  { user }: Session,
  all: readonly Annotation[],
  row: MailboxRow | undefined,
  values: readonly NewValue[],
): readonly Annotation[] {
  const mailbox = row === undefined ? '' : mailboxId(row)
  const after = new Map(all.map((one) => [placeIn(one), one]))
  for (const { entry, value } of values) {
    const { key, scope } = entry
    const person = scope === 'shared' ? '' : user.person.handle
    const place = placeIn({ person, mailbox, key })
    if (value === undefined) after.delete(place)
    else after.set(place, { person, mailbox, key, value })
  }
  return [...after.values()]
}

const placeIn = ({ person, mailbox, key }: Omit<Annotation, 'value'>): string =>
  JSON.stringify([person, mailbox, key])

const textLength = (entries: readonly Annotation[]): number =>
  entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0)

/** Options come before the name by the grammar, and behind it in the standard's own examples. [RFC 5464 §4.2.1] */
function parseGet(cursor: Cursor): { name: string; question: MetadataQuestion } {
  cursor.space()
  let options = cursor.sees('(') ? parseOptions(cursor) : undefined
  if (options !== undefined) cursor.space()
  const name = cursor.astring()
  cursor.space()
  if (options === undefined && /^\((?:MAXSIZE|DEPTH) /i.test(cursor.text.slice(cursor.position))) {
    options = parseOptions(cursor)
    cursor.space()
  }
  const entries = parseEntries(cursor)
  return { name, question: { depth: 0, maxSize: Number.POSITIVE_INFINITY, ...options, entries } }
}

function parseOptions(cursor: Cursor): Partial<Pick<MetadataQuestion, 'depth' | 'maxSize'>> {
  const options: { depth?: number; maxSize?: number } = {}
  cursor.list(() => {
    const name = cursor.keyword()
    cursor.space()
    if (name === 'MAXSIZE' && options.maxSize === undefined) options.maxSize = cursor.number()
    else if (name === 'DEPTH' && options.depth === undefined) options.depth = depth(cursor.keyword())
    else throw bad('There is no such option, or it stands twice')
  }, 'has items')
  return options
}

function depth(word: string): number {
  if (word === '0' || word === '1') return Number(word)
  if (word !== 'INFINITY') throw bad('DEPTH is 0, 1 or infinity')
  return Number.POSITIVE_INFINITY
}

/** One name, or several in parentheses. */
export function parseEntries(cursor: Cursor): EntryName[] {
  const one = () => entryName(cursor.astring())
  const entries = cursor.sees('(') ? cursor.list(one, 'has items') : [one()]
  if (entries.length > MAX_ENTRIES_NAMED) throw bad('There are too many entries')
  return entries
}

function parseSet(cursor: Cursor): {
  name: string
  values: NewValue[]
} {
  cursor.space()
  const name = cursor.astring()
  cursor.space()
  const values = cursor.list(() => {
    const entry = entryName(cursor.astring())
    cursor.space()
    return { entry, value: cursor.value() }
  }, 'has items')
  if (values.length > MAX_ENTRIES_NAMED) throw bad('There are too many entries')
  return { name, values }
}
