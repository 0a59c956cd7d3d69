import { bad } from './failure.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const months = new Map(MONTHS.map((name, index) => [name.toLowerCase(), index]))
const DAY_MS = 86_400_000

/**
 * Turkey's offset, without change since 2016: a day in SEARCH is the day that the people here mean, and INTERNALDATE
 * is written with the same offset so that the two agree.
 */
const ZONE_MINUTES = 180

/** `"17-Jul-1996 02:44:25 +0300"`. [RFC 9051 §9] */
export function formatDateTime(ms: number): string {
  const local = new Date(ms + ZONE_MINUTES * 60_000)
  const day = String(local.getUTCDate()).padStart(2, ' ')
  const month = MONTHS[local.getUTCMonth()] ?? 'Jan'
  const year = String(local.getUTCFullYear()).padStart(4, '0')
  return `"${day}-${month}-${year} ${local.toISOString().slice(11, 19)} +0300"`
}

/** ms since 1970; throws BAD. */
export function parseDateTime(text: string): number {
  const read =
    /^([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})$/.exec(
      text,
    )
  const day = read === null ? undefined : dayOf(read[3], read[2], read[1])
  if (read === null || day === undefined) throw bad('The date and time cannot be read')
  const [hour, minute, second, zoneHour, zoneMinute] = [4, 5, 6, 8, 9].map((at) => Number(read[at]))
  if (hour === undefined || minute === undefined || second === undefined) throw bad('The time is missing')
  const zone = (read[7] === '-' ? -1 : 1) * ((zoneHour ?? 0) * 60 + (zoneMinute ?? 0))
  if (hour > 23 || minute > 59 || second > 60) throw bad('The time is out of range')
  return day * DAY_MS + ((hour * 60 + minute - zone) * 60 + second) * 1000
}

/** A day as a count since 1970, as SEARCH compares them; throws BAD. */
export function parseDay(text: string): number {
  const read = /^([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})$/.exec(text)
  const day = read === null ? undefined : dayOf(read[3], read[2], read[1])
  if (day === undefined) throw bad('The date cannot be read')
  return day
}

/** The day of an instant, in our zone. */
export const dayOfInstant = (ms: number): number => Math.floor((ms + ZONE_MINUTES * 60_000) / DAY_MS)

/** Characters of a Date field that are looked at, with comments and folding; more white space would be gone through again and again. */
const MAX_DATE = 200

/** The day that a Date field names, whatever its zone. [RFC 9051 §6.4.4] undefined where it cannot be read. */
export function dayOfDateField(value: string): number | undefined {
  const read = /^\s*(?:[A-Za-z]{3,9}\s*,)?\s*([0-9]{1,2})\s+([A-Za-z]{3})[a-z]*\s+([0-9]{2,4})/.exec(
    value.slice(0, MAX_DATE),
  )
  if (read === null) return undefined
  const year = Number(read[3])
  // Two and three digits as the obsolete syntax reads them. [RFC 5322 §4.3]
  const full = (read[3] ?? '').length === 4 ? year : year < 50 ? year + 2000 : year + 1900
  return dayOf(String(full), read[2], read[1])
}

/** `Fri, 2 Jan 2026 03:04:05 +0300` as ms since 1970; midnight UTC where only the day can be read. [RFC 5256 §2.2] */
export function instantOfDateField(value: string): number | undefined {
  const day = dayOfDateField(value)
  if (day === undefined) return undefined
  const read = /[0-9]{2,4}\s+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:\s*([+-])([0-9]{2})([0-9]{2}))?/.exec(
    value.slice(0, MAX_DATE),
  )
  if (read === null) return day * DAY_MS
  const [hour, minute, second, zoneHour, zoneMinute] = [1, 2, 3, 5, 6].map((at) => Number(read[at] ?? 0))
  if (hour! > 23 || minute! > 59 || second! > 60) return day * DAY_MS
  const zone = (read[4] === '-' ? -1 : 1) * (zoneHour! * 60 + zoneMinute!)
  return day * DAY_MS + ((hour! * 60 + minute! - zone) * 60 + second!) * 1000
}

function dayOf(year = '', month = '', day = ''): number | undefined {
  const index = months.get(month.toLowerCase())
  if (index === undefined) return undefined
  const date = new Date(0)
  date.setUTCFullYear(Number(year), index, Number(day))
  // The 31st of a shorter month would silently be another day.
  return date.getUTCDate() === Number(day) ? Math.floor(date.getTime() / DAY_MS) : undefined
}
