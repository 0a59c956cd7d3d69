import type { Cursor } from '../cursor.ts'
import { bad } from '../failure.ts'
import { type FetchItem, parseFetchItems } from '../fetch/items.ts'
import { formatNumbers } from '../number-set.ts'
import { type PartialRange, partialRange, spanOfPartial } from '../partial-range.ts'
import type { Session } from '../session.ts'
import type { SortKey } from '../sort/keys.ts'
import { tagString } from '../wire-text.ts'
import { SearchContext, type UpdatedSearch } from './context.ts'
import { refuseUpdate } from './contexts.ts'
import type { FoundMessage } from './found.ts'
import type { SearchKey } from './keys.ts'

type Name = 'MIN' | 'MAX' | 'ALL' | 'COUNT' | 'SAVE' | 'PARTIAL' | 'CONTEXT' | 'UPDATE'

/** [RFC 9051 §6.4.4] [RFC 9394 §3.1] [RFC 5267 §4]; CONTEXT is a hint that changes nothing here. */
export interface ResultOptions {
  readonly names: ReadonlySet<Name>
  readonly partial: PartialRange | undefined
  /** Of UPDATE: what to fetch of messages that are added. [RFC 5465 §7] */
  readonly fetched: readonly FetchItem[]
}

const NAMES: ReadonlyMap<string, Name> = new Map(
  (['MIN', 'MAX', 'ALL', 'COUNT', 'SAVE', 'PARTIAL', 'CONTEXT', 'UPDATE'] as const).map((name) => [
    name,
    name,
  ]),
)
export const ALL: ResultOptions = { names: new Set(['ALL']), partial: undefined, fetched: [] }

/** `RETURN (…) `; an empty list means ALL. [RFC 9051 §6.4.4] undefined where there is none. */
export function parseResultOptions(cursor: Cursor): ResultOptions | undefined {
  if (!cursor.take('RETURN ')) return undefined
  const names = new Set<Name>()
  let partial: PartialRange | undefined
  let fetched: readonly FetchItem[] = []
  cursor.list(() => {
    const name = NAMES.get(cursor.keyword())
    if (name === undefined) throw bad('There is no such result option')
    names.add(name)
    if (name === 'UPDATE' && cursor.sees(' (')) {
      cursor.space()
      fetched = parseFetchItems(cursor)
    }
    if (name !== 'PARTIAL') return
    if (partial !== undefined) throw bad('PARTIAL stands twice')
    cursor.space()
    partial = partialRange(cursor)
  }, 'may be empty')
  cursor.space()
  if (partial !== undefined && names.has('ALL')) throw bad('PARTIAL and ALL exclude each other')
  return names.size === 0 ? ALL : { names, partial, fetched }
}

export interface Asked {
  /** How the result is told without options. */
  readonly word: 'SEARCH' | 'SORT'
  readonly byUid: boolean
  readonly modseq: boolean
  /** Of which mailbox, where several are searched; as MAILBOX and UIDVALIDITY name it. [RFC 7377 §2.1] */
  readonly place?: string
}

/** A search that was to be saved and is refused leaves nothing behind. [RFC 9051 §6.4.4.1] */
export function programOf<T>(session: Session, options: ResultOptions | undefined, program: () => T): T {
  try {
    return program()
  } catch (error) {
    if (options?.names.has('SAVE')) session.savedSearch = new Uint32Array(0)
    throw error
  }
}

/** Finds, tells and keeps what was found, in the order in which it is to be told. */
export async function answerFound(
  session: Session,
  options: ResultOptions | undefined,
  asked: Asked,
  { key, sort }: { readonly key: SearchKey; readonly sort?: readonly SortKey[] },
  find: (heldBack: Set<number> | undefined) => Promise<readonly FoundMessage[]>,
): Promise<void> {
  const saves = options?.names.has('SAVE') === true
  const heldBack = options?.names.has('UPDATE') === true ? new Set<number>() : undefined
  if (heldBack !== undefined) requireFreeTag(session)
  let found: readonly FoundMessage[]
  try {
    found = await find(heldBack)
  } catch (error) {
    // A search that was to be saved and failed leaves nothing behind. [RFC 9051 §6.4.4.1]
    if (saves) session.savedSearch = new Uint32Array(0)
    throw error
  }
  if (heldBack !== undefined)
    keepUpToDate(session, options, { byUid: asked.byUid, key, sort }, found, heldBack)
  tellFound(session, options, found, asked)
  if (saves) saveFound(session, options, found)
}

/** [RFC 5267 §4.3] */
export function requireFreeTag({ box, tag }: Session): void {
  if (box.contexts.has(tag)) throw bad('The tag is that of a search that is updated')
}

/** From now on the client hears what comes to the result and what goes, or that it will not. [RFC 5267 §4.3.1] */
export function keepUpToDate(
  { box, tag, out }: Session,
  options: ResultOptions | undefined,
  search: Pick<UpdatedSearch, 'byUid' | 'key' | 'sort'>,
  found: readonly FoundMessage[],
  heldBack: Set<number>,
): void {
  const updated = { ...search, tag, fetched: options?.fetched ?? [] }
  if (!box.contexts.add(new SearchContext(updated, found, heldBack))) refuseUpdate(out, tag)
}

/** ESEARCH where it was asked for or IMAP4rev2 is enabled, else SEARCH. [RFC 9051 §7.3.4] [RFC 3501 §7.2.5] */
export function tellFound(
  session: Session,
  options: ResultOptions | undefined,
  found: readonly FoundMessage[],
  { word, byUid, modseq, place = '' }: Asked,
): void {
  const number = ({ uid }: FoundMessage): number => (byUid ? uid : session.box.sequenceOf(uid))
  const asked = options ?? (session.enabled.rev2 && word === 'SEARCH' ? ALL : undefined)
  if (asked === undefined) {
    const highest = modseq && found.length > 0 ? [`(MODSEQ ${highestModseq(found)})`] : []
    session.out.untagged([word, ...found.map(number), ...highest].join(' '))
    return
  }
  const { names, partial } = asked
  if (names.size === 1 && names.has('SAVE')) return
  const words = ['ESEARCH', `(TAG ${tagString(session.tag)}${place})`]
  if (byUid) words.push('UID')
  const [first] = found
  const last = found.at(-1)
  if (names.has('MIN') && first !== undefined) words.push(`MIN ${number(first)}`)
  if (names.has('MAX') && last !== undefined) words.push(`MAX ${number(last)}`)
  if (names.has('COUNT')) words.push(`COUNT ${found.length}`)
  if (names.has('ALL') && found.length > 0) words.push(`ALL ${formatNumbers(found.map(number))}`)
  if (partial !== undefined) {
    const part = found.slice(...spanOfPartial(partial, found.length)).map(number)
    words.push(`PARTIAL (${partial.text} ${part.length === 0 ? 'NIL' : formatNumbers(part)})`)
  }
  const told = chosen(asked, found)
  if (modseq && told.length > 0) words.push(`MODSEQ ${highestModseq(told)}`)
  session.out.untagged(words.join(' '))
}

/** What `$` is afterwards, ascending. [RFC 9051 §6.4.4.1] */
export function saveFound(session: Session, options: ResultOptions, found: readonly FoundMessage[]): void {
  session.savedSearch = Uint32Array.from(chosen(options, found), ({ uid }) => uid).sort()
}

/** With MIN, MAX or PARTIAL alone only those count. [RFC 9051 §6.4.4.1] [RFC 9394 §3.4] */
function chosen({ names, partial }: ResultOptions, found: readonly FoundMessage[]): readonly FoundMessage[] {
  const some = names.has('MIN') || names.has('MAX') || partial !== undefined
  if (!some || names.has('ALL') || names.has('COUNT')) return found
  const [from, to] = partial === undefined ? [0, 0] : spanOfPartial(partial, found.length)
  return found.filter(
    (_, at) =>
      (at >= from && at < to) ||
      (at === 0 && names.has('MIN')) ||
      (at === found.length - 1 && names.has('MAX')),
  )
}

const highestModseq = (found: readonly FoundMessage[]): number =>
  found.reduce((most, { modseq }) => Math.max(most, modseq), 0)
