/**
 * Days and months as the law counts them: by the calendar of a zone, not in hours. What is reckoned here becomes an
 * instant, and instants are what rows keep.
 */
export interface Day {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
}

/** The day that a calendar in this zone shows at that instant. Throws RangeError for a zone that nobody knows. */
export function dayIn(zone: string, at: Date): Day {
  const { year, month, day } = fieldsIn(zone, at)
  return { year, month, day }
}

export const addDays = (day: Day, days: number): Day => normal(day.year, day.month, day.day + days)

/** The same day so many months on; the last of that month where it has no such day. [6098 sayılı TBK m. 92] */
export function addMonths(day: Day, months: number): Day {
  const first = normal(day.year, day.month + months, 1)
  return { ...first, day: Math.min(day.day, daysOf(first)) }
}

/** Its first instant. */
export function startOf(day: Day, zone: string): Date {
  const asUtc = Date.UTC(day.year, day.month - 1, day.day)
  // Twice, because the zone's distance from UTC may differ between the guess and the day's true beginning.
  const guess = asUtc - distanceOf(zone, asUtc)
  return new Date(asUtc - distanceOf(zone, guess))
}

/** The first instant that is not within it any more. */
export const endOf = (day: Day, zone: string): Date => startOf(addDays(day, 1), zone)

/** So many years on by the calendar of UTC, ms since 1970: until when a record is kept at least. */
export function yearsAfter(at: Date, years: number): number {
  const end = new Date(at)
  return end.setUTCFullYear(at.getUTCFullYear() + years)
}

/** `2026-11-22`. [ISO 8601-1 §5.2.2] */
export const dayText = ({ year, month, day }: Day): string =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`

const normal = (year: number, month: number, day: number): Day => {
  const date = new Date(Date.UTC(year, month - 1, day))
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

const daysOf = ({ year, month }: Day): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** ms that clocks of the zone are ahead of UTC. */
function distanceOf(zone: string, at: number): number {
  const { year, month, day, hour, minute, second } = fieldsIn(zone, new Date(at))
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made) // as many as zones are configured
  return made
}

function fieldsIn(zone: string, at: Date) {
  const parts = formatOf(zone).formatToParts(at)
  const field = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value)
  return {
    year: field('year'),
    month: field('month'),
    day: field('day'),
    hour: field('hour'),
    minute: field('minute'),
    second: field('second'),
  }
}
