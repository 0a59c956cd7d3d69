import type { Cursor } from '../cursor.ts'
import { parseDay } from '../dates.ts'
import { bad, no } from '../failure.ts'
import { decodeUtf8 } from '../mailbox-name.ts'
import type { NumberSet } from '../number-set.ts'

/** What is searched for, as a tree. [RFC 9051 §6.4.4] */
export type SearchKey =
  | { readonly kind: 'all' | 'none' }
  | { readonly kind: 'flag'; readonly flag: string; readonly set: boolean }
  | { readonly kind: 'messages'; readonly set: NumberSet; readonly byUid: boolean }
  | {
      readonly kind: 'date'
      readonly of: 'internal' | 'sent'
      readonly is: 'before' | 'on' | 'since'
      readonly day: number
    }
  | { readonly kind: 'size'; readonly is: 'larger' | 'smaller'; readonly octets: number }
  /** `name` in lower case; an empty text asks whether the field is there. */
  | { readonly kind: 'header'; readonly name: string; readonly text: string }
  | { readonly kind: 'text'; readonly headers: boolean; readonly text: string }
  | { readonly kind: 'not'; readonly key: SearchKey }
  | { readonly kind: 'or'; readonly keys: readonly [SearchKey, SearchKey] }
  | { readonly kind: 'and'; readonly keys: readonly SearchKey[] }

/** More keys than this are no question that a person has; each costs time for every message. */
const MAX_KEYS = 1_000
/** Each reads the body again. */
const MAX_TEXT_KEYS = 20

const flag = (name: string, set: boolean) => (): SearchKey => ({ kind: 'flag', flag: name, set })
const header =
  (name: string) =>
  (cursor: Cursor): SearchKey => ({ kind: 'header', name, text: text(cursor) })
const date =
  (of: 'internal' | 'sent', is: 'before' | 'on' | 'since') =>
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
  // No message is ever \Recent. [RFC 9051 §E]
  ['NEW', (): SearchKey => ({ kind: 'none' })],
  ['RECENT', (): SearchKey => ({ kind: 'none' })],
  ['OLD', (): SearchKey => ({ kind: 'all' })],
  ['BCC', header('bcc')],
  ['CC', header('cc')],
  ['FROM', header('from')],
  ['SUBJECT', header('subject')],
  ['TO', header('to')],
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
  /** Keys that look into bodies. */
  readonly textKeys: number
}

/** `[CHARSET name] key key …`, to the end of the command. */
export function parseSearchProgram(cursor: Cursor): SearchProgram {
  if (cursor.take('CHARSET ')) {
    const charset = cursor.astring().toUpperCase()
    if (charset !== 'UTF-8' && charset !== 'US-ASCII') throw no('BADCHARSET (US-ASCII UTF-8)', 'Use UTF-8')
    cursor.space()
  }
  const count = { keys: 0, texts: 0 }
  const keys: SearchKey[] = []
  do keys.push(searchKey(cursor, count))
  while (cursor.take(' '))
  return { key: { kind: 'and', keys }, textKeys: count.texts }
}

function searchKey(cursor: Cursor, count: { keys: number; texts: number }): SearchKey {
  if (++count.keys > MAX_KEYS) throw bad('There are too many search keys')
  if (cursor.sees('(')) return { kind: 'and', keys: cursor.list(() => searchKey(cursor, count), 'has items') }
  if (/[0-9*$]/.test(cursor.text[cursor.position] ?? ''))
    return { kind: 'messages', set: cursor.numberSet(), byUid: false }
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
  return key
}

function text(cursor: Cursor): string {
  cursor.space()
  const read = decodeUtf8(cursor.astring())
  if (read === undefined) throw no('BADCHARSET (US-ASCII UTF-8)', 'The text is not UTF-8')
  return read
}

function keyword(cursor: Cursor): string {
  cursor.space()
  return cursor.atom().toLowerCase()
}

function size(is: 'larger' | 'smaller') {
  return (cursor: Cursor): SearchKey => {
    cursor.space()
    return { kind: 'size', is, octets: cursor.number() }
  }
}
