/** Faults on demand: the next command of a kind, whatever a rule says, or some of them by chance. */
import { type Fault, type Match, matches, type Seen } from './fault.ts'

export type Rule = (seen: Seen) => Fault | undefined

export interface Chance {
  readonly seed: number
  /** Of each command that matches. */
  readonly probability: number
  /** Each as likely as the others. */
  readonly faults: readonly Fault[]
  /** Writes where nothing is said. */
  readonly match?: Match
}

export class Faults {
  readonly #rules = new Set<Rule>()
  struckInAll = 0
  /** What befell which commands, in order; the last thousand. */
  readonly struck: { readonly seen: Omit<Seen, 'body'>; readonly fault: Fault }[] = []

  /** Befalls the next commands that match (one where no number is given), after so many others that match. */
  next(match: Match, fault: Fault, { times = 1, after = 0 } = {}): () => void {
    let [skip, left] = [after, times]
    const remove = this.rule((seen) => {
      if (!matches(match, seen)) return undefined
      if (skip > 0) {
        skip--
        return undefined
      }
      if (--left <= 0) remove()
      return fault
    })
    return remove
  }

  /** Asked at each command; the first rule that says something decides. Answers how to take it away. */
  rule(rule: Rule): () => void {
    this.#rules.add(rule)
    return () => void this.#rules.delete(rule)
  }

  /** The same seed gives the same faults to the same commands in the same order. */
  random({ seed, probability, faults, match = { writes: true } }: Chance): () => void {
    const chance = chanceOf(seed)
    return this.rule((seen) => {
      if (!matches(match, seen) || chance() >= probability) return undefined
      return faults[Math.floor(chance() * faults.length)]
    })
  }

  clear(): void {
    this.#rules.clear()
  }

  of(seen: Seen): Fault | undefined {
    for (const rule of [...this.#rules]) {
      const fault = rule(seen)
      if (fault === undefined) continue
      const { body: _, ...rest } = seen
      this.struckInAll++
      this.struck.push({ seen: rest, fault })
      if (this.struck.length > 1_000) this.struck.shift()
      return fault
    }
    return undefined
  }
}

/** Numbers from 0 to below 1: a counter whose bits are mixed. */
function chanceOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
