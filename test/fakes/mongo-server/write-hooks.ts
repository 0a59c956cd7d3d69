/** Tells a test of each write command before it is applied and after, in the turn in which it is. */
import type { Doc } from './document.ts'
import type { Seen } from './fault.ts'

export interface WriteHook {
  readonly before?: (seen: Seen) => void
  readonly after?: (seen: Seen, answer: Doc) => void
}

export class WriteHooks {
  readonly #hooks = new Set<WriteHook>()

  /** Answers how to take it away. */
  add(hook: WriteHook): () => void {
    this.#hooks.add(hook)
    return () => void this.#hooks.delete(hook)
  }

  before(seen: Seen): void {
    for (const hook of this.#hooks) hook.before?.(seen)
  }

  after(seen: Seen, answer: Doc): void {
    for (const hook of this.#hooks) hook.after?.(seen, answer)
  }
}
