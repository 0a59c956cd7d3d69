import { SEPARATOR } from './mailbox-name.ts'

/**
 * `*` is anything, `%` anything within one level. [RFC 9051 §6.3.9] Walks the set of places that the pattern may have
 * reached, so time is at most the product of the two lengths whatever the pattern.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const wanted = [...(name === 'INBOX' ? pattern.toUpperCase() : pattern).replace(/[*%]*\*[*%]*/g, '*')]
  let reached = closure(wanted, new Set([0]))
  for (const char of name) {
    const next = new Set<number>()
    for (const at of reached) {
      const token = wanted[at]
      if (token === '*' || (token === '%' && char !== SEPARATOR)) next.add(at)
      else if (token === char && token !== '%') next.add(at + 1)
    }
    if (next.size === 0) return false
    reached = closure(wanted, next)
  }
  return reached.has(wanted.length)
}

/** A wildcard may also stand for nothing. */
function closure(wanted: readonly string[], places: Set<number>): Set<number> {
  for (const at of places) if (wanted[at] === '*' || wanted[at] === '%') places.add(at + 1)
  return places
}
