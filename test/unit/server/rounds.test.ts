import { expect, test } from 'vitest'
import { type Duty, Rounds } from '../../../server/rounds.ts'

/** A duty whose rounds end when the test says so. */
function duty(parts: Partial<Duty> = {}) {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = []
  const begun = Promise.withResolvers<AbortSignal>()
  let atOnce = 0
  let most = 0
  return {
    ends,
    begun: begun.promise,
    mostAtOnce: () => most,
    duty: {
      where: 'ops',
      pauseMs: () => 1,
      startsAtOnce: true,
      round: async (signal: AbortSignal) => {
        most = Math.max(most, ++atOnce)
        begun.resolve(signal)
        await new Promise<void>((resolve, reject) => ends.push({ resolve, reject })).finally(() => atOnce--)
      },
      ...parts,
    } satisfies Duty,
  }
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1))
}

const never = {
  internalError: (_: string, error: unknown) => {
    throw error
  },
}

test('one round at a time, however long it takes; one that fails is told, and the next one comes', async () => {
  const told: unknown[] = []
  const { duty: slow, ends, mostAtOnce } = duty()
  const rounds = new Rounds(slow, { internalError: (where, error) => told.push([where, error]) })
  rounds.start()
  rounds.start()
  await until(() => ends.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(ends).toHaveLength(1)
  const failure = new Error('store away')
  ends[0]?.reject(failure)
  await until(() => ends.length === 2)
  const stopped = rounds.stop()
  ends[1]?.resolve()
  await stopped
  expect(told).toEqual([['ops', failure]])
  expect(mostAtOnce()).toBe(1)
})

test('stop tells the round that is under way, and waits for it', async () => {
  const { duty: slow, begun, ends } = duty()
  const rounds = new Rounds(slow, never)
  rounds.start()
  const signal = await begun
  let isStopped = false
  const stopped = rounds.stop().then(() => {
    isStopped = true
  })
  expect(signal.aborted).toBe(true)
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(isStopped).toBe(false)
  ends[0]?.resolve()
  await stopped
  expect(ends).toHaveLength(1)
})

test('most duties begin a pause after the start, and none is begun after a stop', async () => {
  const { duty: later, ends } = duty({ pauseMs: () => 3_600_000 })
  const { startsAtOnce: _, ...pausing } = later
  const rounds = new Rounds(pausing, never)
  rounds.start()
  await rounds.stop()
  expect(ends).toEqual([])
})

test('a pause of a month is one: no timer overflows into none at all', async () => {
  const { duty: rare, ends } = duty({ pauseMs: () => 31 * 86_400_000 })
  const { startsAtOnce: _, ...pausing } = rare
  const rounds = new Rounds(pausing, never)
  rounds.start()
  await new Promise((resolve) => setTimeout(resolve, 20))
  await rounds.stop()
  expect(ends).toEqual([])
})
