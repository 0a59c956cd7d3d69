/** Longer strings go as literals: no client needs to look for the quote at the end of a long line. */
const MAX_QUOTED = 1_000

/** A string of octets (one char each) as the shortest form that every client reads. [RFC 9051 §4.3] */
export const string = (octets: string): string =>
  octets.length <= MAX_QUOTED && /^[\x20-\x7e]*$/.test(octets) ? quoted(octets) : literal(octets)

export const nstring = (octets: string | undefined): string => (octets === undefined ? 'NIL' : string(octets))

export const quoted = (octets: string): string => `"${octets.replace(/["\\]/g, '\\$&')}"`
const literal = (octets: string): string => `{${octets.length}}\r\n${octets}`
