import type { Cursor } from '../cursor.ts'
import { bad } from '../failure.ts'
import { formatNumbers } from '../number-set.ts'
import type { Session } from '../session.ts'

export type ResultOption = 'MIN' | 'MAX' | 'ALL' | 'COUNT' | 'SAVE'

const OPTIONS: ReadonlyMap<string, ResultOption> = new Map(
  (['MIN', 'MAX', 'ALL', 'COUNT', 'SAVE'] as const).map((name) => [name, name]),
)

/** `RETURN (…) `; an empty list means ALL. [RFC 9051 §6.4.4] undefined where there is none. */
export function parseResultOptions(cursor: Cursor): ReadonlySet<ResultOption> | undefined {
  if (!cursor.take('RETURN ')) return undefined
  const options = cursor.list(() => {
    const option = OPTIONS.get(cursor.keyword())
    if (option === undefined) throw bad('There is no such result option')
    return option
  }, 'may be empty')
  cursor.space()
  return new Set(options.length === 0 ? ['ALL'] : options)
}

/** What was found, ascending, as UIDs and as the numbers that are told. */
export interface Found {
  readonly uids: readonly number[]
  readonly numbers: readonly number[]
}

/** ESEARCH where it was asked for or IMAP4rev2 is enabled, else SEARCH. [RFC 9051 §7.3.4] [RFC 3501 §7.2.5] */
export function tellFound(
  session: Session,
  options: ReadonlySet<ResultOption> | undefined,
  { numbers }: Found,
  byUid: boolean,
): void {
  const asked = options ?? (session.rev2 ? new Set<ResultOption>(['ALL']) : undefined)
  if (asked === undefined) {
    session.out.untagged(['SEARCH', ...numbers].join(' '))
    return
  }
  if (asked.size === 1 && asked.has('SAVE')) return
  const words = ['ESEARCH', `(TAG "${session.tag.replace(/["\\]/g, '\\$&')}")`]
  if (byUid) words.push('UID')
  const [first] = numbers
  const last = numbers.at(-1)
  if (asked.has('MIN') && first !== undefined) words.push(`MIN ${first}`)
  if (asked.has('MAX') && last !== undefined) words.push(`MAX ${last}`)
  if (asked.has('COUNT')) words.push(`COUNT ${numbers.length}`)
  if (asked.has('ALL') && numbers.length > 0) words.push(`ALL ${formatNumbers(numbers)}`)
  session.out.untagged(words.join(' '))
}

/** With MIN or MAX alone only those are kept. [RFC 9051 §6.4.4.1] */
export function toSave(options: ReadonlySet<ResultOption>, uids: readonly number[]): Uint32Array {
  const ends = options.has('MIN') || options.has('MAX')
  if (!ends || options.has('ALL') || options.has('COUNT')) return Uint32Array.from(uids)
  const kept = new Set<number>()
  const [first] = uids
  const last = uids.at(-1)
  if (options.has('MIN') && first !== undefined) kept.add(first)
  if (options.has('MAX') && last !== undefined) kept.add(last)
  return Uint32Array.from(kept)
}
