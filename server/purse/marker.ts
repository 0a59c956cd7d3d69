/**
 * A mark that something may be set aside for an intake which is not accepted yet. Marks stand among the reservations, in
 * order of time, so that the sweep looks at those alone that are due. No address begins with an @.
 */
export interface Marker {
  readonly account: string
  readonly intake: string
}

/** How long an acceptance may take before what is set aside for it is given back; it takes seconds. */
export const HOLD_MS = 10 * 60_000

const DIGITS = 15
/** Before every mark, and before every address. */
export const MARKERS = '@'

export const markerKey = (until: number, intake: string): string =>
  `${MARKERS}${String(until).padStart(DIGITS, '0')}/${intake}`

/** Until when it holds, ms; undefined where the key is no mark's. */
export const markedUntil = (key: string): number | undefined =>
  key.startsWith(MARKERS) ? Number(key.slice(MARKERS.length, MARKERS.length + DIGITS)) : undefined
