import { setTimeout } from 'node:timers/promises'

/** Asks again until the answer is there; a minute is a failure, whatever the machine, where nothing else is said. */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  what = 'it',
  patience = 60_000,
): Promise<T> {
  const until = performance.now() + patience
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > until) throw new Error(`${what} did not happen in ${patience / 1000} s`)
    await setTimeout(20)
  }
}
