import { setTimeout } from 'node:timers/promises'

/** Asks again until the answer is there; a minute is a failure, whatever the machine. */
export async function eventually<T>(ask: () => Promise<T | undefined>, what = 'it'): Promise<T> {
  const until = performance.now() + 60_000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > until) throw new Error(`${what} did not happen in a minute`)
    await setTimeout(20)
  }
}
