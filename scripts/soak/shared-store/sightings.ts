import type { Findings } from './findings.ts'
import type { Machine } from './machines.ts'

/** What was known of a mailbox, by anybody, at one moment. */
export interface Mark {
  readonly count: number
  readonly highest: number
}

/** Of one mailbox, what all sessions on all machines saw, in the order in which they did. */
export class Sightings {
  /** How many UIDs had been seen before this one. */
  readonly #order = new Map<number, number>()
  readonly #first = new Map<number, { readonly machine: Machine; readonly at: number }>()
  readonly #findings: Findings
  readonly #where: string
  #highest = 0

  constructor(findings: Findings, where: string) {
    this.#findings = findings
    this.#where = where
  }

  mark(): Mark {
    return { count: this.#order.size, highest: this.#highest }
  }

  /**
   * A session knows the mailbox up to these. Each one that nobody knew at the mark must be above all that were known: who
   * saw a higher one would never have asked for it.
   *
   * @param mark taken before the command was sent that told of them
   */
  saw(fresh: readonly number[], { count, highest }: Mark): void {
    for (const uid of fresh) {
      const order = this.#order.get(uid)
      if ((order ?? count) >= count && uid < highest)
        this.#findings.broken('uidsBackwards', `${this.#where}: UID ${uid} after ${highest} was seen`)
      if (order === undefined) this.#order.set(uid, this.#order.size)
      this.#highest = Math.max(this.#highest, uid)
    }
  }

  /** Since when another machine had shown it; undefined where this is the first, or the same. */
  shownElsewhere(uid: number, machine: Machine, at: number): number | undefined {
    const first = this.#first.get(uid)
    if (first === undefined) this.#first.set(uid, { machine, at })
    return first === undefined || first.machine === machine ? undefined : first.at
  }
}
