/** Chance that a seed repeats: who looks for what was found begins with the same. A counter whose bits are mixed. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  one<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.next() * list.length)]
    if (found === undefined) throw new RangeError('nothing to choose from')
    return found
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  /** A chance of its own: what one client does changes nothing for the others. */
  branch(): Chance {
    return new Chance(Math.floor(this.next() * 2 ** 32))
  }
}
