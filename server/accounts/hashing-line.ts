/** Whose password waits to be hashed. */
export interface Stranger {
  readonly network: string
  readonly name: string
}

/** Strangers that wait, some 50 ms each: an honest one among them waits seconds, and no mail program gives up before. */
const MAX_STRANGERS = 100
/** Of one network: more than log in within one second behind one address, and a quarter of the line at most. */
const MAX_OF_NETWORK = 25

interface Waiting<T> extends Stranger {
  readonly job: T
}

/**
 * Who is hashed next. Whoever logged in before from where they are now goes first: a flood has no such pair. Strangers
 * take turns by the name they give, so that guesses at one name wait for one another, and where all places are taken a
 * name with fewer in the line gets the latest place of the name with most. Whether a name exists plays no part.
 */
export class HashingLine<T> {
  readonly #first: T[] = []
  /** By name; the name that waits longest for its turn stands first. */
  readonly #strangers = new Map<string, Waiting<T>[]>()
  readonly #ofNetwork = new Map<string, number>()
  #count = 0

  /** No `who`: goes first. Answers with the job that finds no place, which may be another's. */
  add(job: T, who: Stranger | undefined): T | undefined {
    if (who === undefined) {
      this.#first.push(job)
      return undefined
    }
    if ((this.#ofNetwork.get(who.network) ?? 0) >= MAX_OF_NETWORK) return job
    const own = this.#strangers.get(who.name) ?? []
    const displaced = this.#count < MAX_STRANGERS ? undefined : this.#latestOfMost(own.length + 1)
    if (this.#count >= MAX_STRANGERS) return job
    own.push({ ...who, job })
    this.#strangers.set(who.name, own)
    this.#ofNetwork.set(who.network, (this.#ofNetwork.get(who.network) ?? 0) + 1)
    this.#count++
    return displaced
  }

  next(): T | undefined {
    const first = this.#first.shift()
    if (first !== undefined) return first
    const entry = this.#strangers.entries().next().value
    if (entry === undefined) return undefined
    const [name, own] = entry
    const one = own.shift()
    this.#strangers.delete(name)
    if (own.length > 0) this.#strangers.set(name, own) // its next turn is after all others
    if (one !== undefined) this.#left(one)
    return one?.job
  }

  /** Takes out the latest of the name with most, where it has more than `than`. */
  #latestOfMost(than: number): T | undefined {
    let most: Waiting<T>[] = []
    for (const own of this.#strangers.values()) if (own.length > most.length) most = own
    const latest = most.length > than ? most.pop() : undefined
    if (latest !== undefined) this.#left(latest)
    return latest?.job
  }

  #left({ network }: Stranger): void {
    this.#count--
    const rest = (this.#ofNetwork.get(network) ?? 0) - 1
    if (rest > 0) this.#ofNetwork.set(network, rest)
    else this.#ofNetwork.delete(network)
  }
}
