import { readPositions, writePositions } from '../../mail/positions.ts'
import type { MessageType, Undelivered } from '../../mail/tariff.ts'
import type { Hold, LedgerEntry, Line, Take, Taken } from './ledger.ts'

/**
 * What the journal says of one subject, kept beside it to be found by its key: an intake and what is set aside for each of
 * its recipients, or a thing that happens once (a notice, a receipt). It follows from the entries and is never removed: it
 * is how a thing that is done again is known to be done.
 */
export interface Reservation {
  readonly account: string
  readonly subject: string
  /** Number of the entry that began it, and of the last that it shows. */
  readonly opened: number
  readonly seq: number
  readonly messageId?: string
  readonly type?: MessageType
  readonly holds: readonly Hold[]
  readonly undelivered: Undelivered
  /** Positions that are decided, as `1-3,7`. */
  readonly settled: string
  readonly givenBack: string
  /** Of a receipt: what was booked under it. */
  readonly booked?: Booked
  /** Of a notice: whence it was taken. */
  readonly taken?: readonly Taken[]
}

/** What a receipt stands for: kind, amounts, and when a package ends (ISO 8601). */
export interface Booked {
  readonly kind: LedgerEntry['kind']
  readonly lines: readonly Line[]
  readonly until?: string
}

export type Told = Pick<LedgerEntry, 'kind' | 'lines' | 'package'>

export const bookedIn = ({ kind, lines, package: bought }: Told): Booked => ({
  kind,
  lines,
  ...(bought?.until === undefined ? {} : { until: bought.until }),
})

export const reservationKey = (account: string, subject: string): string => `${account}/${subject}`

const BOOKINGS: ReadonlySet<LedgerEntry['kind']> = new Set(['deposit', 'refund', 'package-bought'])

/** The next state by an entry about its subject; one that it shows already changes nothing. */
export function project(before: Reservation | undefined, entry: LedgerEntry): Reservation {
  if (before !== undefined && before.seq >= entry.seq) return before
  const known: Reservation = before ?? {
    account: entry.account,
    subject: entry.subject ?? '',
    opened: entry.seq,
    seq: entry.seq,
    ...(entry.messageId === undefined ? {} : { messageId: entry.messageId }),
    ...(entry.type === undefined ? {} : { type: entry.type }),
    holds: entry.holds ?? [],
    undelivered: entry.undelivered ?? 'give-back',
    settled: '',
    givenBack: '',
    ...(BOOKINGS.has(entry.kind) ? { booked: bookedIn(entry) } : {}),
    ...(entry.taken === undefined ? {} : { taken: entry.taken }),
  }
  const decided = entry.recipients ?? ''
  return {
    ...known,
    seq: entry.seq,
    ...(entry.kind === 'settle' ? { settled: joined(known.settled, decided) } : {}),
    ...(entry.kind === 'give-back' ? { givenBack: joined(known.givenBack, decided) } : {}),
  }
}

const joined = (a: string, b: string): string => writePositions([...readPositions(a), ...readPositions(b)])

/** Positions of which nothing is decided, and what is set aside for each. */
export function openHolds({ holds, settled, givenBack }: Reservation): Map<number, readonly Take[]> {
  const decided = new Set([...readPositions(settled), ...readPositions(givenBack)])
  return new Map(
    holds.flatMap(({ positions, takes }) =>
      readPositions(positions)
        .filter((position) => !decided.has(position))
        .map((position) => [position, takes] as const),
    ),
  )
}
