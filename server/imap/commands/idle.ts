import { command, noArguments } from '../command.ts'
import { bad, Farewell } from '../failure.ts'
import { KEEPALIVE_MS, MAX_LINE } from '../limits.ts'

/** Tells what changes until the client says DONE. [RFC 9051 §6.3.13] */
export const idle = command({
  name: 'IDLE',
  state: 'authenticated',
  sync: 'all',
  parse: noArguments,
  run: async (session) => {
    const { input, out, parts } = session
    out.raw('+ idling\r\n')
    const bell = new Bell()
    const stop = parts.store.mailboxes.watch((mailbox) => {
      if (mailbox === session.selected?.row.id) bell.ring('changed')
    })
    const stopHints = parts.annotationHints.watch((account) => {
      if (session.enabled.metadata && account === session.account) bell.ring('changed')
    })
    const keepalive = setInterval(() => bell.ring('still here'), KEEPALIVE_MS)
    const silence = input.silenceMs
    input.silenceMs = 0 // the client has nothing to say; who is gone is noticed by the keepalive
    const answer = input.line(MAX_LINE)
    answer.then(
      () => bell.ring('answered'),
      () => bell.ring('answered'),
    )
    try {
      await session.sync('all')
      for (;;) {
        await out.flush()
        const rang = await bell.wait()
        if (rang.has('answered')) break
        await session.refresh()
        if (rang.has('still here')) out.untagged('OK Still here')
        await session.sync('all')
      }
    } finally {
      stop()
      stopHints()
      clearInterval(keepalive)
      input.silenceMs = silence
    }
    const line = await answer
    if (line === undefined) throw new Farewell('The connection ended')
    if (line.toUpperCase() !== 'DONE') throw bad('IDLE ends with DONE')
    return 'IDLE done'
  },
})

type Ring = 'changed' | 'still here' | 'answered'

/** Collects what happened while nobody waited, so that a hundred changes are one look. */
class Bell {
  readonly #rung = new Set<Ring>()
  #wake: (() => void) | undefined

  ring(what: Ring): void {
    this.#rung.add(what)
    this.#wake?.()
  }

  async wait(): Promise<ReadonlySet<Ring>> {
    if (this.#rung.size === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#wake = undefined
    const rung = new Set(this.#rung)
    this.#rung.clear()
    return rung
  }
}
