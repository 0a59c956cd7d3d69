import type { Act } from './acts.ts'
import { apply, type Changes, changesOf, type Facts } from './facts.ts'

/** What a store has to hold, by what was answered; of the acts that were under way nobody knows. */
export class Ledger {
  readonly facts: Facts = new Map()
  readonly #underWay = new Map<string, Act>()
  /** How things stood at the last cut. */
  #doubted: { readonly facts: Facts; readonly underWay: ReadonlyMap<string, Act> } | undefined
  acknowledged = 0

  /** A line of the driver. */
  hear([word, writer = '', act]: readonly [word: string, writer?: string, act?: Act]): void {
    if (word === 'open') this.#doubted = undefined
    if (word === 'begin' && act !== undefined) this.#underWay.set(writer, act)
    if (word !== 'done') return
    const done = this.#underWay.get(writer)
    if (done === undefined) throw new Error(`${writer} has done what it did not begin`)
    this.#underWay.delete(writer)
    apply(this.facts, changesOf(this.facts, writer, done))
    this.acknowledged++
  }

  get underWay(): number {
    return this.#underWay.size
  }

  /**
   * Compares. What was under way has happened as a whole or not at all.
   *
   * @returns what is wrong, a line each
   */
  compare(seen: Facts): string[] {
    const expected = this.#asIn(seen)
    const wrong: string[] = []
    for (const [name, value] of expected)
      if (seen.get(name) !== value)
        wrong.push(`${name}: ${value} was acknowledged, ${seen.get(name)} is there`)
    for (const [name, value] of seen)
      if (!expected.has(name)) wrong.push(`${name}: ${value} is there, and was not acknowledged`)
    return wrong
  }

  /** What was under way is as this store has it, once the store has been opened again; until then nobody was told. */
  adopt(seen: Facts): void {
    this.#doubted ??= { facts: new Map(this.facts), underWay: new Map(this.#underWay) }
    const facts = this.#asIn(seen)
    this.facts.clear()
    apply(this.facts, [...facts])
    this.#underWay.clear()
  }

  #asIn(seen: Facts): Facts {
    const known = this.#doubted ?? { facts: this.facts, underWay: this.#underWay }
    const facts = new Map(known.facts)
    for (const [writer, act] of known.underWay) {
      const changes = changesOf(known.facts, writer, act)
      if (hasHappened(changes, seen)) apply(facts, changes)
    }
    return facts
  }
}

/** By its first change: should the others say otherwise, the comparison finds it. */
export const hasHappened = ([first]: Changes, seen: Facts): boolean =>
  first !== undefined && seen.get(first[0]) === first[1]
