import type { Cursor } from '../cursor.ts'
import { parseDay } from '../dates.ts'
import type { Enabled } from '../enabled.ts'
import { bad, CommandError, no } from '../failure.ts'
import { decodeUtf8 } from '../mailbox-name.ts'
import type { NumberSet } from '../number-set.ts'

/** What is searched for, as a tree. [RFC 9051 §6.4.4] */
export type SearchKey =
  | { readonly kind: 'all' }
  | { readonly kind: 'recent'; readonly set: boolean }
  | { readonly kind: 'flag'; readonly flag: string; readonly set: boolean }
  | { readonly kind: 'messages'; readonly set: NumberSet; readonly byUid: boolean }
  | {
      readonly kind: 'date'
      readonly of: 'internal' | 'sent' | 'saved'
      readonly is: 'before' | 'on' | 'since'
      readonly day: number
    }
  | { readonly kind: 'size'; readonly is: 'larger' | 'smaller'; readonly octets: number }
  /** `name` in lower case; an empty text asks whether the field is there. */
  | { readonly kind: 'header'; readonly name: string; readonly text: string }
  /** As the envelope shows them too, without comments. [RFC 9051 §6.4.4] */
  | { readonly kind: 'addresses'; readonly name: 'bcc' | 'cc' | 'from' | 'to'; readonly text: string }
  | { readonly kind: 'text'; readonly headers: boolean; readonly text: string }
  /** Seconds between now and INTERNALDATE. [RFC 5032 §3] */
  | { readonly kind: 'age'; readonly is: 'older' | 'younger'; readonly seconds: number }
  /** At least this. [RFC 7162 §3.1.5] */
  | { readonly kind: 'modseq'; readonly atLeast: number }
  | { readonly kind: 'emailId' | 'threadId'; readonly id: string }
  | { readonly kind: 'not'; readonly key: SearchKey }
  | { readonly kind: 'or'; readonly keys: readonly [SearchKey, SearchKey] }
  | { readonly kind: 'and'; readonly keys: readonly SearchKey[] }

/** More keys than this are no question that a person has; each costs time for every message. */
const MAX_KEYS = 1_000
/** Characters of a text; looking for longer ones can take the product of both lengths (20,000 in a MiB: three seconds). */
const MAX_SEARCHED = 400
/** Each `$` stands for as much as a mailbox has, and means the same. */
const MAX_SAVED = 4
/** Each reads the body again. */
const MAX_TEXT_KEYS = 20

const flag = (name: string, set: boolean) => (): SearchKey => ({ kind: 'flag', flag: name, set })
const addresses =
  (name: 'bcc' | 'cc' | 'from' | 'to') =>
  (cursor: Cursor): SearchKey => ({ kind: 'addresses', name, text: text(cursor) })
const date =
  (of: 'internal' | 'sent' | 'saved', is: 'before' | 'on' | 'since') =>
  (cursor: Cursor): SearchKey => {
    cursor.space()
    return { kind: 'date', of, is, day: parseDay(cursor.astring()) }
  }

const KEYS: ReadonlyMap<string, (cursor: Cursor) => SearchKey> = new Map([
  ['ALL', (): SearchKey => ({ kind: 'all' })],
  ['ANSWERED', flag('\\answered', true)],
  ['DELETED', flag('\\deleted', true)],
  ['DRAFT', flag('\\draft', true)],
  ['FLAGGED', flag('\\flagged', true)],
  ['SEEN', flag('\\seen', true)],
  ['UNANSWERED', flag('\\answered', false)],
  ['UNDELETED', flag('\\deleted', false)],
  ['UNDRAFT', flag('\\draft', false)],
  ['UNFLAGGED', flag('\\flagged', false)],
  ['UNSEEN', flag('\\seen', false)],
  ['KEYWORD', (cursor: Cursor): SearchKey => ({ kind: 'flag', flag: keyword(cursor), set: true })],
  ['UNKEYWORD', (cursor: Cursor): SearchKey => ({ kind: 'flag', flag: keyword(cursor), set: false })],
  // Of IMAP4rev1; no message is \Recent in IMAP4rev2. [RFC 3501 §6.4.4]
  ['NEW', (): SearchKey => ({ kind: 'and', keys: [{ kind: 'recent', set: true }, flag('\\seen', false)()] })],
  ['RECENT', (): SearchKey => ({ kind: 'recent', set: true })],
  ['OLD', (): SearchKey => ({ kind: 'recent', set: false })],
  ['BCC', addresses('bcc')],
  ['CC', addresses('cc')],
  ['FROM', addresses('from')],
  ['SUBJECT', (cursor: Cursor): SearchKey => ({ kind: 'header', name: 'subject', text: text(cursor) })],
  ['TO', addresses('to')],
  [
    'HEADER',
    (cursor: Cursor): SearchKey => {
      cursor.space()
      const name = cursor.astring().toLowerCase()
      return { kind: 'header', name, text: text(cursor) }
    },
  ],
  ['BODY', (cursor: Cursor): SearchKey => ({ kind: 'text', headers: false, text: text(cursor) })],
  ['TEXT', (cursor: Cursor): SearchKey => ({ kind: 'text', headers: true, text: text(cursor) })],
  ['BEFORE', date('internal', 'before')],
  ['ON', date('internal', 'on')],
  ['SINCE', date('internal', 'since')],
  ['SENTBEFORE', date('sent', 'before')],
  ['SENTON', date('sent', 'on')],
  ['SENTSINCE', date('sent', 'since')],
  // [RFC 8514 §4.3]
  ['SAVEDBEFORE', date('saved', 'before')],
  ['SAVEDON', date('saved', 'on')],
  ['SAVEDSINCE', date('saved', 'since')],
  ['SAVEDATESUPPORTED', (): SearchKey => ({ kind: 'all' })],
  ['OLDER', age('older')],
  ['YOUNGER', age('younger')],
  ['MODSEQ', modseq],
  // [RFC 8474 §6]
  ['EMAILID', (cursor: Cursor): SearchKey => ({ kind: 'emailId', id: objectId(cursor) })],
  ['THREADID', (cursor: Cursor): SearchKey => ({ kind: 'threadId', id: objectId(cursor) })],
  ['LARGER', size('larger')],
  ['SMALLER', size('smaller')],
  [
    'UID',
    (cursor: Cursor): SearchKey => {
      cursor.space()
      return { kind: 'messages', set: cursor.numberSet(), byUid: true }
    },
  ],
])

export interface SearchProgram {
  readonly key: SearchKey
  /** A key asks for modseqs, so the answer tells the highest. */
  readonly modseq: boolean
}

/** `name `; text is read as UTF-8 in both cases. */
export function parseCharset(cursor: Cursor, { utf8Accept }: Enabled): void {
  const charset = cursor.astring().toUpperCase()
  // [RFC 6855 §3]
  if (utf8Accept && charset !== 'UTF-8') throw bad('Everything is UTF-8 since it was enabled')
  if (charset !== 'UTF-8' && charset !== 'US-ASCII')
    throw no('BADCHARSET (US-ASCII UTF-8)', 'UTF-8 kullanin', 'Use UTF-8')
  cursor.space()
}

/** Whether it names messages as the selected mailbox knows them, by number or as `$`. */
export function namesSelected(key: SearchKey): boolean {
  switch (key.kind) {
    case 'messages':
      return key.set.saved || !key.byUid
    case 'not':
      return namesSelected(key.key)
    case 'or':
    case 'and':
      return key.keys.some(namesSelected)
    default:
      return false
  }
}

/** Whether what it finds changes only where messages do: not with their numbers, and not with time. */
export function changesWithMessages(key: SearchKey): boolean {
  switch (key.kind) {
    case 'age':
      return false
    case 'messages':
      return key.byUid && !key.set.saved && !key.set.ranges.flat().includes('*')
    case 'not':
      return changesWithMessages(key.key)
    case 'or':
    case 'and':
      return key.keys.every(changesWithMessages)
    default:
      return true
  }
}

/** How far a program was read. */
interface Reading {
  readonly enabled: Enabled
  keys: number
  texts: number
  saved: number
  modseqs: number
}

/** Reads the rest of a command; what cannot be searched is refused when it is asked for, as the command runs. */
export function parsedOrRefused<T>(cursor: Cursor, parse: () => T): () => T {
  try {
    const parsed = parse()
    return () => parsed
  } catch (error) {
    if (!(error instanceof CommandError) || error.condition === 'BAD') throw error
    cursor.skip()
    return () => {
      throw error
    }
  }
}

/** `[CHARSET name] key key …`, to the end of the command. */
export function parseSearchProgram(cursor: Cursor, enabled: Enabled): SearchProgram {
  if (cursor.take('CHARSET ')) {
    if (enabled.utf8Accept) throw bad('Everything is UTF-8 since it was enabled, so name no charset')
    parseCharset(cursor, enabled)
  }
  const count = { keys: 0, texts: 0, saved: 0, modseqs: 0, enabled }
  const keys: SearchKey[] = []
  do keys.push(searchKey(cursor, count))
  while (cursor.take(' '))
  return { key: { kind: 'and', keys }, modseq: count.modseqs > 0 }
}

function searchKey(cursor: Cursor, count: Reading): SearchKey {
  if (++count.keys > MAX_KEYS) throw bad('There are too many search keys')
  if (cursor.sees('(')) return { kind: 'and', keys: cursor.list(() => searchKey(cursor, count), 'has items') }
  if (/[0-9*$]/.test(cursor.text[cursor.position] ?? '')) {
    const set = cursor.numberSet()
    if (count.enabled.uidOnly && !set.saved) throw new CommandError('BAD', 'UIDREQUIRED', 'Search by UID')
    countSaved(set, count)
    return { kind: 'messages', set, byUid: false }
  }
  const name = cursor.word()
  if (name === 'NOT') {
    cursor.space()
    return cursor.nested(() => ({ kind: 'not', key: searchKey(cursor, count) }))
  }
  if (name === 'OR')
    return cursor.nested(() => {
      cursor.space()
      const first = searchKey(cursor, count)
      cursor.space()
      return { kind: 'or', keys: [first, searchKey(cursor, count)] }
    })
  const read = KEYS.get(name)
  if (read === undefined) throw bad('There is no such search key')
  const key = read(cursor)
  if (key.kind === 'text' && ++count.texts > MAX_TEXT_KEYS) throw bad('There are too many text keys')
  if (key.kind === 'modseq') count.modseqs++
  if (key.kind === 'messages') countSaved(key.set, count)
  return key
}

function countSaved({ saved }: NumberSet, count: Reading): void {
  if (saved && ++count.saved > MAX_SAVED) throw bad('What was saved stands in too many keys')
}

function text(cursor: Cursor): string {
  cursor.space()
  const read = decodeUtf8(cursor.astring())
  if (read === undefined)
    throw no('BADCHARSET (US-ASCII UTF-8)', 'Metin UTF-8 degil', 'The text is not UTF-8')
  if (read.length > MAX_SEARCHED)
    throw no('LIMIT', 'Aranan metin cok uzun', 'The text is longer than what can be searched for')
  return read
}

function keyword(cursor: Cursor): string {
  cursor.space()
  return cursor.atom().toLowerCase()
}

function age(is: 'older' | 'younger') {
  return (cursor: Cursor): SearchKey => {
    cursor.space()
    return { kind: 'age', is, seconds: cursor.nonZero() }
  }
}

/** A message has one modseq for all that it carries, so the entry that may be named changes nothing. [RFC 7162 §3.1.5] */
function modseq(cursor: Cursor): SearchKey {
  cursor.space()
  if (cursor.sees('"')) {
    const entry = cursor.string()
    if (!entry.startsWith('/flags/')) throw bad('There is no such entry')
    cursor.space()
    if (!ENTRY_TYPES.has(cursor.keyword())) throw bad('There is no such entry type')
    cursor.space()
  }
  return { kind: 'modseq', atLeast: cursor.number() }
}

const ENTRY_TYPES: ReadonlySet<string> = new Set(['ALL', 'PRIV', 'SHARED'])

function objectId(cursor: Cursor): string {
  cursor.space()
  const id = cursor.astring()
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(id)) throw bad('That is no object id')
  return id
}

function size(is: 'larger' | 'smaller') {
  return (cursor: Cursor): SearchKey => {
    cursor.space()
    return { kind: 'size', is, octets: cursor.number() }
  }
}
