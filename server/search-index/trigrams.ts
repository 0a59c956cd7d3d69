/**
 * The trigrams of folded text: every three UTF-16 units that follow each other, as a number of 32 bits. Two trigrams may share a
 * number; then a filter lets through what the message does not hold, and nothing else.
 */
export function trigramOf(text: string, at: number): number {
  const mixed =
    Math.imul(text.charCodeAt(at), 0x9e3779b1) ^
    Math.imul(text.charCodeAt(at + 1), 0x85ebca77) ^
    Math.imul(text.charCodeAt(at + 2), 0xc2b2ae3d)
  const once = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d)
  const twice = Math.imul(once ^ (once >>> 15), 0x846ca68b)
  const number = (twice ^ (twice >>> 16)) >>> 0
  return number === NONE ? 1 : number
}

/** A place that no trigram has taken. */
const NONE = 0
const FIRST_PLACES = 2_048

/** Which trigrams there are, up to a number of them. */
export class TrigramSet {
  readonly #most: number
  #places = new Uint32Array(FIRST_PLACES)
  #size = 0

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#size
  }

  /** Of a text that follows on what was added before: it begins with the last two units of that. False where there are too many. */
  addAll(text: string): boolean {
    for (let at = 0; at + 2 < text.length; at++) if (!this.#add(trigramOf(text, at))) return false
    return true
  }

  *[Symbol.iterator](): Generator<number> {
    for (const trigram of this.#places) if (trigram !== NONE) yield trigram
  }

  #add(trigram: number): boolean {
    if (!put(this.#places, trigram)) return true
    this.#size++
    if (this.#size > this.#most) return false
    if (this.#size * 2 > this.#places.length) this.#grow()
    return true
  }

  #grow(): void {
    const wider = new Uint32Array(this.#places.length * 2)
    for (const trigram of this) put(wider, trigram)
    this.#places = wider
  }
}

/** @returns whether it was not there; half of the places are free, their number is a power of two */
function put(places: Uint32Array, trigram: number): boolean {
  const mask = places.length - 1
  for (let at = trigram & mask; ; at = (at + 1) & mask) {
    if (places[at] === trigram) return false
    if (places[at] === NONE) {
      places[at] = trigram
      return true
    }
  }
}
