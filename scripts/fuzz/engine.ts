/**
 * Bends inputs that are known, runs them, and keeps what is news: other words from the target, at once; code that was never
 * executed before, by halving the batch in which it was.
 */
import { Random } from '../soak/power-loss/random.ts'
import type { Coverage } from './coverage.ts'
import { bend, type Entry } from './mutate/mutator.ts'
import type { Slot } from './slot.ts'
import type { Target } from './target.ts'

/** Between two looks at the counters. */
const BATCH = 512
/** Words of a target that makes them of its input would fill the memory. */
const MAX_WORDS = 4000
/** The newest entries are bent as often as all others together. */
const NEWEST = 64
/** A target that fails at everything says no more the hundredth time. */
const MAX_FINDINGS = 20
/** The processor's time of one input, ms: a fixed part for its signatures, the rest by its size. */
const allowedMs = (octets: number): number => 250 + octets / 50

export interface Finding {
  readonly target: string
  readonly kind: 'crash' | 'slow' | 'hang' | 'memory'
  readonly detail: string
  readonly input: Uint8Array
}

export interface TargetReport {
  readonly target: string
  readonly inputs: number
  readonly seconds: number
  readonly corpus: number
  readonly words: number
  readonly findings: readonly Finding[]
}

export interface Budget {
  readonly seed: number
  /** At most; the first of the two that is reached ends the run. */
  readonly inputs: number
  readonly seconds: number
}

export class Engine {
  readonly #target: Target
  readonly #random: Random
  readonly #coverage: Pick<Coverage, 'take'>
  readonly #slot: Slot
  readonly #corpus: Entry[] = []
  readonly #words = new Set<string>()
  readonly #findings = new Map<string, Finding>()
  #inputs = 0

  constructor(target: Target, seed: number, coverage: Pick<Coverage, 'take'>, slot: Slot) {
    this.#target = target
    this.#random = new Random(seed)
    this.#coverage = coverage
    this.#slot = slot
  }

  async run({ inputs, seconds }: Budget): Promise<TargetReport> {
    for (const octets of await this.#target.seeds()) {
      await this.#try(octets)
      this.#corpus.push({ octets })
    }
    this.#coverage.take(true)
    const start = performance.now()
    const elapsed = (): number => (performance.now() - start) / 1000
    while (this.#inputs < inputs && elapsed() < seconds && this.#findings.size < MAX_FINDINGS) {
      const batch: Uint8Array[] = []
      while (batch.length < BATCH && elapsed() < seconds) {
        const octets = this.#next()
        batch.push(octets)
        if (await this.#try(octets)) this.#corpus.push({ octets })
      }
      if (this.#coverage.take(false) > 0) await this.#keepNews(batch)
    }
    return {
      target: this.#target.name,
      inputs: this.#inputs,
      seconds: elapsed(),
      corpus: this.#corpus.length,
      words: this.#words.size,
      findings: [...this.#findings.values()],
    }
  }

  #next(): Uint8Array {
    const entry = this.#choose()
    return bend(this.#target.kind, entry, this.#choose(), this.#random)
  }

  /** The shorter of two: what it does is done sooner, and more of what is bent in it matters. */
  #choose(): Entry {
    const [one, other] = [this.#any(), this.#any()]
    return one.octets.length <= other.octets.length ? one : other
  }

  #any(): Entry {
    const from = this.#random.chance(0.5) ? Math.max(0, this.#corpus.length - NEWEST) : 0
    return this.#corpus[this.#random.whole(from, this.#corpus.length - 1)]!
  }

  /** Whether its words are new. */
  async #try(octets: Uint8Array): Promise<boolean> {
    this.#inputs++
    this.#slot.begin(this.#target.name, octets)
    const start = performance.now()
    let words: string
    try {
      const answer = this.#target.run(octets)
      words = typeof answer === 'string' ? answer : await answer
    } catch (error) {
      words = error instanceof Error ? `${error.name} ${error.message}` : 'no error at all'
      const where = error instanceof Error ? (error.stack ?? '') : String(error)
      this.#find('crash', where.slice(0, 2000), words.replace(/\d+/g, '#'), octets)
    }
    // Another program's turn is no time of ours: what took long is looked at again.
    if (performance.now() - start > allowedMs(octets.length)) await this.#timeAgain(octets)
    this.#slot.end()
    if (this.#words.has(words) || this.#words.size >= MAX_WORDS) return false
    this.#words.add(words)
    return true
  }

  async #timeAgain(octets: Uint8Array): Promise<void> {
    const before = process.threadCpuUsage()
    try {
      await this.#target.run(octets)
    } catch {
      // told the first time
    }
    const { user, system } = process.threadCpuUsage(before)
    const ms = (user + system) / 1000
    if (ms > allowedMs(octets.length))
      this.#find('slow', `${ms} ms for ${octets.length} octets`, 'slow', octets)
  }

  #find(kind: Finding['kind'], detail: string, sameAs: string, input: Uint8Array): void {
    if (!this.#findings.has(sameAs))
      this.#findings.set(sameAs, { target: this.#target.name, kind, detail, input })
  }

  /** Each input alone in the end: whether it executes what none before it did. */
  async #keepNews(batch: readonly Uint8Array[]): Promise<void> {
    for (const octets of batch) await this.#try(octets)
    const fresh = this.#coverage.take(batch.length === 1)
    if (fresh === 0) return
    if (batch.length === 1) {
      this.#corpus.push({ octets: batch[0]! })
      return
    }
    const half = batch.length >> 1
    await this.#keepNews(batch.slice(0, half))
    await this.#keepNews(batch.slice(half))
  }
}
