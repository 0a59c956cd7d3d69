import type { Session } from './session.ts'
import { tagString } from './wire-text.ts'

/** No client wants to be told more often. [RFC 9585 §4] */
const INTERVAL_MS = 10_000

/** Tells a client how far its command came, where that takes long, and ends it where the client left. [RFC 9585 §4] */
export class Progress {
  readonly #session: Session
  readonly #total: number | undefined
  #done = 0
  #told: number

  /** @param total undefined where nobody knows before the end */
  constructor(session: Session, total: number | undefined) {
    this.#session = session
    this.#total = total
    this.#told = session.parts.clock.now().getTime()
  }

  /** Rejects with ConnectionLost where nobody waits any more. */
  async advance(by: number): Promise<void> {
    this.#session.requireClient()
    this.#done += by
    const { parts, out, tag } = this.#session
    const now = parts.clock.now().getTime()
    if (now - this.#told < INTERVAL_MS || (this.#total !== undefined && this.#done >= this.#total)) return
    this.#told = now
    out.untagged(
      `OK [INPROGRESS (${tagString(tag)} ${this.#done} ${this.#total ?? 'NIL'})] Suruyor / Still at work`,
    )
    await out.flush()
  }
}
