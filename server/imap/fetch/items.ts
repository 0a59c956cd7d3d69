import { string } from '../../../mail/imap-string.ts'
import type { Cursor } from '../cursor.ts'
import { bad } from '../failure.ts'

/** What of a message (or of one of its parts) is meant. [RFC 9051 §6.4.5.1] */
export interface Section {
  /** Empty for the message itself. */
  readonly part: readonly number[]
  readonly text: 'ALL' | 'HEADER' | 'FIELDS' | 'FIELDS.NOT' | 'TEXT' | 'MIME'
  /** Lower case. */
  readonly fields: ReadonlySet<string>
  /** The same as the client wrote them, one perhaps twice: so they are repeated. */
  readonly written: readonly string[]
}

export interface Partial {
  readonly start: number
  readonly count: number
}

type PlainKind =
  | 'UID'
  | 'FLAGS'
  | 'INTERNALDATE'
  | 'RFC822.SIZE'
  | 'ENVELOPE'
  | 'BODY'
  | 'BODYSTRUCTURE'
  | 'MODSEQ'
  | 'EMAILID'
  | 'THREADID'
  | 'SAVEDATE'
  | 'PREVIEW'

export type FetchItem =
  | { readonly kind: PlainKind }
  | SectionItem<'SECTION'>
  | SectionItem<'BINARY'>
  | { readonly kind: 'BINARY.SIZE'; readonly label: string; readonly section: Section }

interface SectionItem<K> {
  readonly kind: K
  /** As it is repeated in the answer, without the partial range. */
  readonly label: string
  readonly section: Section
  readonly partial: Partial | undefined
  readonly peek: boolean
}

/** UIDFETCH begins with the UID, and something has to follow. [RFC 9586 §3.3] */
export function itemsOfUidFetch(items: readonly FetchItem[]): readonly FetchItem[] {
  const others = items.filter(({ kind }) => kind !== 'UID')
  return others.length > 0 ? others : items
}

/** More items than this in one FETCH is nobody's wish. */
const MAX_ITEMS = 200
const MAX_PART_LEVELS = 100

const plain = (kind: PlainKind) => ({ kind }) as const
const FAST = [plain('FLAGS'), plain('INTERNALDATE'), plain('RFC822.SIZE')]
const MACROS: ReadonlyMap<string, readonly FetchItem[]> = new Map([
  ['FAST', FAST],
  ['ALL', [...FAST, plain('ENVELOPE')]],
  ['FULL', [...FAST, plain('ENVELOPE'), plain('BODY')]],
])
const NO_FIELDS: Pick<Section, 'fields' | 'written'> = { fields: new Set(), written: [] }
export const WHOLE: Section = { part: [], text: 'ALL', ...NO_FIELDS }

const whole = (label: string, text: Section['text'], peek: boolean): FetchItem => ({
  kind: 'SECTION',
  label,
  section: { ...WHOLE, text },
  partial: undefined,
  peek,
})
const ITEMS: ReadonlyMap<string, FetchItem> = new Map<string, FetchItem>([
  ['UID', plain('UID')],
  ['FLAGS', plain('FLAGS')],
  ['INTERNALDATE', plain('INTERNALDATE')],
  ['RFC822.SIZE', plain('RFC822.SIZE')],
  ['ENVELOPE', plain('ENVELOPE')],
  ['BODY', plain('BODY')],
  ['BODYSTRUCTURE', plain('BODYSTRUCTURE')],
  // [RFC 7162 §3.1.4.2]
  ['MODSEQ', plain('MODSEQ')],
  // [RFC 8474 §5]
  ['EMAILID', plain('EMAILID')],
  ['THREADID', plain('THREADID')],
  // [RFC 8514 §4.1]
  ['SAVEDATE', plain('SAVEDATE')],
  // [RFC 8970 §3.1]
  ['PREVIEW', plain('PREVIEW')],
  // The old names. [RFC 3501 §6.4.5]
  ['RFC822', whole('RFC822', 'ALL', false)],
  ['RFC822.HEADER', whole('RFC822.HEADER', 'HEADER', true)],
  ['RFC822.TEXT', whole('RFC822.TEXT', 'TEXT', false)],
])

/** A macro, one item, or a list of items. [RFC 9051 §6.4.5] */
export function parseFetchItems(cursor: Cursor): readonly FetchItem[] {
  if (cursor.sees('(')) {
    const items = cursor.list(() => fetchItem(cursor, cursor.word()), 'has items')
    if (items.length > MAX_ITEMS) throw bad('There are too many items')
    return items.filter(isFirstOfItsKind)
  }
  const name = cursor.word()
  return MACROS.get(name) ?? [fetchItem(cursor, name)]
}

/** What is asked for twice is told once: a structure may have a MiB. Sections differ, and are streamed. */
const isFirstOfItsKind = (item: FetchItem, at: number, items: readonly FetchItem[]): boolean =>
  'section' in item || items.findIndex(({ kind }) => kind === item.kind) === at

function fetchItem(cursor: Cursor, name: string): FetchItem {
  if (cursor.sees('[')) return sectionItem(cursor, name)
  const item = ITEMS.get(name)
  if (item === undefined) throw bad('There is no such FETCH item')
  // A preview is made from what is at hand, so there is none to wait for. [RFC 8970 §4]
  if (item.kind === 'PREVIEW' && cursor.take(' (')) cursor.expect('LAZY)')
  return item
}

function sectionItem(cursor: Cursor, name: string): FetchItem {
  const binary = name.startsWith('BINARY')
  const section = parseSection(cursor, binary)
  const shown = `${binary ? 'BINARY' : 'BODY'}[${formatSection(section)}]`
  switch (name) {
    case 'BODY':
    case 'BODY.PEEK':
      return { kind: 'SECTION', label: shown, section, partial: partial(cursor), peek: name !== 'BODY' }
    case 'BINARY':
    case 'BINARY.PEEK':
      return { kind: 'BINARY', label: shown, section, partial: partial(cursor), peek: name !== 'BINARY' }
    case 'BINARY.SIZE':
      return { kind: 'BINARY.SIZE', label: `BINARY.SIZE[${formatSection(section)}]`, section }
    default:
      throw bad('There is no such FETCH item')
  }
}

/** `[section]` */
export function parseSection(cursor: Cursor, partsOnly: boolean): Section {
  cursor.expect('[')
  if (cursor.take(']')) return WHOLE
  const words = cursor.word().split('.')
  const text = words.findIndex((word) => !/^[1-9][0-9]{0,9}$/.test(word))
  const part = words.slice(0, text < 0 ? words.length : text).map(Number)
  if (part.length > MAX_PART_LEVELS) throw bad('The section is too deep')
  const name = text < 0 ? 'ALL' : words.slice(text).join('.')
  const section = sectionText(cursor, part, name)
  if (partsOnly && section.text !== 'ALL') throw bad('BINARY takes a part')
  cursor.expect(']')
  return section
}

function sectionText(cursor: Cursor, part: readonly number[], name: string): Section {
  switch (name) {
    case 'ALL':
    case 'HEADER':
    case 'TEXT':
      return { part, text: name, ...NO_FIELDS }
    case 'MIME':
      if (part.length === 0) throw bad('MIME needs a part')
      return { part, text: name, ...NO_FIELDS }
    case 'HEADER.FIELDS':
    case 'HEADER.FIELDS.NOT': {
      cursor.space()
      const fields = cursor.list(() => cursor.astring(), 'has items')
      if (fields.some((field) => !/^[\x21-\x39\x3b-\x7e]{1,200}$/.test(field)))
        throw bad('That is no field name')
      const text = name === 'HEADER.FIELDS' ? 'FIELDS' : 'FIELDS.NOT'
      return { part, text, fields: new Set(fields.map((field) => field.toLowerCase())), written: fields }
    }
    default:
      throw bad('There is no such section')
  }
}

export function formatSection({ part, text, written }: Section): string {
  const words = [...part.map(String)]
  if (text === 'FIELDS' || text === 'FIELDS.NOT')
    words.push(`HEADER.${text} (${written.map(field).join(' ')})`)
  else if (text !== 'ALL') words.push(text)
  return words.join('.')
}

/** Upper case, as other servers repeat them. */
const field = (name: string): string =>
  /^[A-Za-z0-9-]+$/.test(name) ? name.toUpperCase() : string(name.toUpperCase())

function partial(cursor: Cursor): Partial | undefined {
  if (!cursor.take('<')) return undefined
  const start = cursor.number()
  cursor.expect('.')
  const count = cursor.number()
  if (count === 0) throw bad('A part has at least one octet')
  cursor.expect('>')
  return { start, count }
}
