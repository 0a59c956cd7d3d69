import { SEPARATOR } from './mailbox-name.ts'

/**
 * `*` is anything, `%` anything within one level. [RFC 9051 §6.3.9] Walks the places that the pattern may have reached, so time
 * is at most the product of the two lengths whatever the pattern.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const wanted = [...(name === 'INBOX' ? pattern.toUpperCase() : pattern).replace(WILDCARDS, oneWildcard)]
  let reached = new Uint8Array(wanted.length + 1)
  let next = new Uint8Array(wanted.length + 1)
  reached[0] = 1
  let first = passWildcards(wanted, reached, 0)
  for (const char of name) {
    next.fill(0)
    for (let at = first; at < wanted.length; at++) {
      if (reached[at] === 0) continue
      const token = wanted[at]
      if (token === '*' || (token === '%' && char !== SEPARATOR)) next[at] = 1
      else if (token === char && token !== '%') next[at + 1] = 1
    }
    first = passWildcards(wanted, next, first)
    ;[reached, next] = [next, reached]
  }
  return reached[wanted.length] === 1
}

const WILDCARDS = /[*%]+/g

/** Several in a row say what the widest of them says. */
const oneWildcard = (run: string): string => (run.includes('*') ? '*' : '%')

/** A wildcard may also stand for nothing. Answers the last `*` that is reached: whatever matches from before it matches from there. */
function passWildcards(wanted: readonly string[], places: Uint8Array, first: number): number {
  let last = first
  for (let at = first; at < wanted.length; at++) {
    if (places[at] === 0 || (wanted[at] !== '*' && wanted[at] !== '%')) continue
    places[at + 1] = 1
    if (wanted[at] === '*') last = at
  }
  return last
}
