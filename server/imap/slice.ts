import { SLICE_MS } from './limits.ts'

/** Lets others run after a slice of time, so that no command holds the loop (I9). One per session. */
export class Slice {
  #started = performance.now()

  /** Resolves at once while the slice lasts. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#started < SLICE_MS) return
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#started = performance.now()
  }
}
