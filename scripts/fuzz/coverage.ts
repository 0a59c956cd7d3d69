/**
 * Which characters of our source have ever been executed, from V8's own block counters. Taking them costs milliseconds, so
 * it is done once for some hundred inputs.
 */
import { type Profiler, Session } from 'node:inspector'

/** Readers; what the fuzzer itself executes is no news. */
const OURS = /\/(?:evidence|mail|server\/imap)\/[^?]*\.ts$/

export class Coverage {
  readonly #session = new Session()
  /** File → one octet a character, 1 where it was executed. */
  readonly #seen = new Map<string, Uint8Array>()

  constructor() {
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Characters executed so far. */
  get size(): number {
    return this.#seen.values().reduce((sum, seen) => sum + seen.reduce((count, one) => count + one, 0), 0)
  }

  /**
   * Characters that were executed since the last call, and never before the last call that kept them.
   *
   * @param keep they are known from now on
   */
  take(keep: boolean): number {
    let fresh = 0
    for (const { url, functions } of this.#counters()) {
      if (!OURS.test(url)) continue
      const length = Math.max(...functions.map(({ ranges }) => ranges[0]?.endOffset ?? 0))
      const seen = grown(this.#seen.get(url), length)
      const now = executed(functions, length)
      for (let at = 0; at < length; at++) if (now[at] === 1 && seen[at] === 0) fresh++
      if (keep) for (let at = 0; at < length; at++) seen[at]! |= now[at]!
      this.#seen.set(url, seen)
    }
    return fresh
  }

  close(): void {
    this.#session.disconnect()
  }

  #counters(): Profiler.ScriptCoverage[] {
    let found: Profiler.ScriptCoverage[] = []
    // In the same thread the answer is there when post() returns.
    this.#session.post('Profiler.takePreciseCoverage', (_error, answer) => {
      found = answer.result
    })
    return found
  }

  #post(method: string, parameters: object = {}): void {
    this.#session.post(method, parameters)
  }
}

const grown = (seen: Uint8Array | undefined, length: number): Uint8Array => {
  if (seen !== undefined && seen.length >= length) return seen
  const larger = new Uint8Array(length)
  larger.set(seen ?? [])
  return larger
}

/** Functions stand before those inside them, and so do the blocks of a function: the innermost count is the last written. */
function executed(functions: readonly Profiler.FunctionCoverage[], length: number): Uint8Array {
  const now = new Uint8Array(length)
  for (const { ranges, isBlockCoverage } of functions) {
    if (!isBlockCoverage && ranges[0]?.count === 0) continue
    for (const { startOffset, endOffset, count } of ranges)
      now.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  }
  return now
}
