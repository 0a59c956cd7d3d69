/** The input that a thread works on, where its parent can read it when the thread does not answer any more. */
import { MAX_INPUT_OCTETS } from './mutate/mutator.ts'

const STATE = 0
const LENGTH = 1
const COUNT = 2
const NAME = 3
const WORDS = 4
const NAME_OCTETS = 32

export class Slot {
  readonly shared: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #octets: Uint8Array

  constructor(shared = new SharedArrayBuffer(WORDS * 4 + NAME_OCTETS + MAX_INPUT_OCTETS * 2)) {
    this.shared = shared
    this.#words = new Int32Array(shared, 0, WORDS)
    this.#octets = new Uint8Array(shared, WORDS * 4)
  }

  begin(target: string, octets: Uint8Array): void {
    const name = Buffer.from(target)
    const kept = octets.subarray(0, this.#octets.length - NAME_OCTETS)
    this.#octets.set(name)
    this.#octets.set(kept, NAME_OCTETS)
    this.#words[NAME] = name.length
    this.#words[LENGTH] = kept.length
    Atomics.add(this.#words, COUNT, 1)
    Atomics.store(this.#words, STATE, 1)
  }

  end(): void {
    Atomics.store(this.#words, STATE, 0)
  }

  /** Another number for each input; undefined while none is under way. */
  get underWay(): number | undefined {
    return Atomics.load(this.#words, STATE) === 1 ? Atomics.load(this.#words, COUNT) : undefined
  }

  read(): { target: string; input: Uint8Array } {
    const name = Buffer.from(this.#octets.slice(0, this.#words[NAME]))
    return {
      target: name.toString(),
      input: this.#octets.slice(NAME_OCTETS, NAME_OCTETS + this.#words[LENGTH]!),
    }
  }
}
