import type { KepAccount, StoredAccount } from './account.ts'
import { addMonths, dayIn, endOf } from './calendar.ts'

/** A closed account stays readable for so long. [KEP Yönetmeliği; the article is unverified] */
export interface ClosingTerm {
  /** Months of the calendar. */
  readonly months: number
  readonly zone: string
}

/** The first instant at which nobody reads it any more: the end of the day, so many months on, in the zone. */
export const readableUntil = (closedAt: Date, { months, zone }: ClosingTerm): Date =>
  endOf(addMonths(dayIn(zone, closedAt), months), zone)

/** What time alone has made of it: a closed account locks, space that was bought lapses. */
export function accountAsOf(stored: StoredAccount, at: Date): KepAccount {
  const now = at.getTime()
  const { bought, closing } = stored
  const lapses = bought === undefined ? undefined : Date.parse(bought.until)
  const locks =
    stored.state !== 'closed' || closing === undefined ? undefined : Date.parse(closing.readableUntil)
  const isLocked = locks !== undefined && locks <= now
  const coming = [lapses, locks].filter((time) => time !== undefined).filter((time) => time > now)
  return {
    ...stored,
    state: isLocked ? 'locked' : stored.state,
    quota: stored.quota + (lapses !== undefined && lapses > now ? (bought?.octets ?? 0) : 0),
    changesAt: coming.length === 0 ? undefined : Math.min(...coming),
  }
}
