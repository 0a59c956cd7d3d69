import type { Cursor } from '../cursor.ts'
import { bad } from '../failure.ts'
import { type PartialRange, partialRange } from '../partial-range.ts'

/** What makes a FETCH ask for less than its set names. [RFC 4466 §2.4] */
export interface FetchModifiers {
  /** Only what changed after this modseq. [RFC 7162 §3.1.4.1] */
  readonly changedSince: number | undefined
  /** What was expunged since then, too. [RFC 7162 §3.2.6] */
  readonly vanished: boolean
  /** So many of the set, before anything else is looked at. [RFC 9394 §3.3] */
  readonly partial: PartialRange | undefined
}

const NONE: FetchModifiers = { changedSince: undefined, vanished: false, partial: undefined }

/** ` (modifier …)` at the end of a FETCH. */
export function parseFetchModifiers(cursor: Cursor, byUid: boolean): FetchModifiers {
  if (cursor.done) return NONE
  cursor.space()
  let read = NONE
  const seen = new Set<string>()
  cursor.list(() => {
    const name = cursor.keyword()
    if (seen.has(name)) throw bad('A modifier stands twice')
    seen.add(name)
    read = { ...read, ...modifier(cursor, name) }
  }, 'has items')
  if (read.vanished && (read.changedSince === undefined || !byUid))
    throw bad('VANISHED belongs to UID FETCH with CHANGEDSINCE')
  if (read.partial !== undefined && !byUid) throw bad('PARTIAL belongs to UID FETCH')
  return read
}

function modifier(cursor: Cursor, name: string): Partial<FetchModifiers> {
  switch (name) {
    case 'CHANGEDSINCE':
      cursor.space()
      return { changedSince: cursor.number() }
    case 'VANISHED':
      return { vanished: true }
    case 'PARTIAL':
      cursor.space()
      return { partial: partialRange(cursor) }
    default:
      throw bad('There is no such FETCH modifier')
  }
}
