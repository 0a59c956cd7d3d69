import type { Cursor } from './cursor.ts'
import type { Enabled } from './enabled.ts'
import { bad, CommandError } from './failure.ts'
import type { NumberSet } from './number-set.ts'

/** What a client still knows of a mailbox. [RFC 7162 §3.2.5] */
export interface KnownState {
  readonly uidValidity: number
  readonly modseq: number
  /** undefined for all. */
  readonly uids: NumberSet | undefined
}

export interface SelectParameters {
  readonly condstore: boolean
  readonly known: KnownState | undefined
}

/** ` (parameter …)` after the name of the mailbox. [RFC 4466 §2.1] */
export function parseSelectParameters(cursor: Cursor, enabled: Enabled): SelectParameters {
  let condstore = false
  let known: KnownState | undefined
  if (!cursor.take(' ')) return { condstore, known }
  cursor.list(() => {
    const name = cursor.keyword()
    if (name === 'CONDSTORE' && !condstore) condstore = true
    else if (name === 'QRESYNC' && known === undefined) known = knownState(cursor, enabled)
    else throw bad('There is no such SELECT parameter')
  }, 'has items')
  return { condstore, known }
}

function knownState(cursor: Cursor, enabled: Enabled): KnownState {
  if (!enabled.qresync) throw bad('Use ENABLE QRESYNC first')
  cursor.expect(' (')
  const uidValidity = cursor.nonZero()
  cursor.space()
  const modseq = cursor.number()
  let uids: NumberSet | undefined
  let space = cursor.take(' ')
  if (space && !cursor.sees('(')) {
    uids = numbersOnly(cursor)
    space = cursor.take(' ')
  }
  if (space) sequenceMatch(cursor, enabled)
  cursor.expect(')')
  return { uidValidity, modseq, uids }
}

/** Lets a server that forgets guess what vanished; the store here forgets nothing, so it is read and not needed. */
function sequenceMatch(cursor: Cursor, enabled: Enabled): void {
  if (enabled.uidOnly) throw new CommandError('BAD', 'UIDREQUIRED', 'Sequence numbers are not used')
  cursor.expect('(')
  numbersOnly(cursor)
  cursor.space()
  numbersOnly(cursor)
  cursor.expect(')')
}

/** A set of numbers without `*` and `$`. */
function numbersOnly(cursor: Cursor): NumberSet {
  const set = cursor.numberSet()
  if (set.saved || set.ranges.some((range) => range.includes('*'))) throw bad('The set has numbers only')
  return set
}
