import { addDays, type Day, dayIn, endOf } from './calendar.ts'

/** How days of service are counted. */
export interface ServingRule {
  /** After the day on which the notice reached the address. */
  readonly days: number
  readonly zone: string
}

/** When a notice counts as served, opened or not. */
export interface Served {
  /** The day at whose end it is. */
  readonly day: Day
  /** That end: the first instant that is not within the day any more. */
  readonly at: Date
}

/** [7201 sayılı Tebligat Kanunu m. 7/a: the end of the fifth day after the day of reaching the address] */
export function servedBy(delivered: Date, { days, zone }: ServingRule): Served {
  const day = addDays(dayIn(zone, delivered), days)
  return { day, at: endOf(day, zone) }
}
