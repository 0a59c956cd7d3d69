import { StoreError } from '../../../storage/port.ts'

/** The process ended here: nothing after this write happened. */
export class Crashed extends Error {
  override name = 'Crashed'
}

/** Asked after every single-document write; may end the process by throwing {@link Crashed}. */
export type Crasher = () => void

export const neverCrashes: Crasher = () => {}

/** Ends the process after its `step`-th write, counted from 1. */
export function crashesAt(step: number): Crasher {
  let writes = 0
  return () => {
    if (++writes === step) throw new Crashed(`after write ${step}`)
  }
}

/** Ends the process after any write with this probability; the numbers decide, so the same seed dies the same death. */
export const crashesWith =
  (probability: number, numbers: () => number): Crasher =>
  () => {
    if (numbers() < probability) throw new Crashed('by chance')
  }

/** Repeatable numbers in [0, 1): a linear congruence, whose low bits are dropped because they repeat soon. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) / 2 ** 24
  }
}

/** Now and then a process stands still while others do whole operations: that is what stale helpers are made of. */
const STALL_PROBABILITY = 0.02
const STALL = 150

/** What one open store is: alive until it crashes or is closed, and never alone. */
export class Process {
  readonly #crasher: Crasher
  readonly #numbers: () => number
  #end: Error | undefined

  constructor(crasher: Crasher, seed: number) {
    this.#crasher = crasher
    this.#numbers = seeded(seed)
  }

  /** Lets the others run for a while, before each access: between any two writes anything may happen. */
  async turn(): Promise<void> {
    const stalls = this.#numbers() < STALL_PROBABILITY
    for (let turns = stalls ? STALL : 1 + Math.floor(this.#numbers() * 3); turns > 0; turns--) await undefined
    if (this.#end !== undefined) throw this.#end
  }

  wrote(): void {
    try {
      this.#crasher()
    } catch (error) {
      this.#end ??= error instanceof Error ? error : new Crashed(String(error))
      throw error
    }
  }

  close(): void {
    this.#end ??= new StoreError('CLOSED', 'the store is closed')
  }
}

/** One collection as one process sees it: each call touches one document, and that is all that is atomic. */
export class Documents<T> {
  readonly #map: Map<string, T>
  readonly #process: Process
  readonly #unique: readonly ((document: T) => string | undefined)[]

  constructor(
    map: Map<string, T>,
    process: Process,
    unique: readonly ((document: T) => string | undefined)[] = [],
  ) {
    this.#map = map
    this.#process = process
    this.#unique = unique
  }

  async get(id: string): Promise<T | undefined> {
    await this.#process.turn()
    return this.#map.get(id)
  }

  async select(which: (document: T) => boolean): Promise<T[]> {
    await this.#process.turn()
    return [...this.#map.values()].filter(which)
  }

  /** Answers whether it is new: false where its id or one of its unique values is taken. */
  async insert(id: string, document: T): Promise<boolean> {
    await this.#process.turn()
    if (this.#map.has(id) || this.#clashes(document)) return false
    this.#map.set(id, document)
    this.#process.wrote()
    return true
  }

  /** Compare and set: `to` answers with what the document becomes, or undefined where it is to stay. */
  async change(id: string, to: (document: T) => T | undefined): Promise<T | undefined> {
    await this.#process.turn()
    const before = this.#map.get(id)
    const after = before === undefined ? undefined : to(before)
    if (after === undefined) return undefined
    this.#map.set(id, after)
    this.#process.wrote()
    return after
  }

  /** As change(), for a document that may not be there yet. */
  async upsert(id: string, to: (document: T | undefined) => T | undefined): Promise<T | undefined> {
    await this.#process.turn()
    const after = to(this.#map.get(id))
    if (after === undefined) return undefined
    this.#map.set(id, after)
    this.#process.wrote()
    return after
  }

  async delete(id: string): Promise<void> {
    await this.#process.turn()
    if (this.#map.delete(id)) this.#process.wrote()
  }

  async deleteIf(id: string, which: (document: T) => boolean): Promise<boolean> {
    await this.#process.turn()
    const document = this.#map.get(id)
    if (document === undefined || !which(document)) return false
    this.#map.delete(id)
    this.#process.wrote()
    return true
  }

  #clashes(document: T): boolean {
    return this.#unique.some((keyOf) => {
      const value = keyOf(document)
      return value !== undefined && [...this.#map.values()].some((other) => keyOf(other) === value)
    })
  }
}
