/** Jobs that are made to take all of a thread's time or memory. Others go on, and nothing is believed. */
import { expect, test } from 'vitest'
import type { TrustJob } from '../../evidence/desk/job.ts'
import { type PoolOptions, TrustPool } from '../../server/workers/trust-pool.ts'
import { signedEvidence } from '../fakes/evidence.ts'

/** Why threads were lost. */
const note =
  (lost: string[]): NonNullable<PoolOptions['onEnd']> =>
  (_outcome, error) => {
    if (error !== undefined) lost.push(error.message)
  }

const MANY = 190_000
const evidence = async (): Promise<TrustJob> => ({
  kind: 'restsOn',
  octets: await signedEvidence(Buffer.from('x')),
})
const bomb = (): TrustJob => ({ kind: 'restsOn', octets: Buffer.from(`<r>${'<a b="c"/>'.repeat(MANY)}</r>`) })

test('a job without end ends with its thread, and the ones behind it are done by another', async () => {
  const lost: string[] = []
  await using pool = new TrustPool({ threads: 1, longestMs: 1, onEnd: note(lost) })
  await expect(pool.run(bomb())).rejects.toMatchObject({ name: 'TooHard' })
  expect(lost).toEqual([expect.stringContaining('too long')])
  await using patient = new TrustPool({ threads: 1 })
  expect(await patient.run(await evidence())).toHaveLength(2)
})

test('a job that takes all memory ends its thread alone', async () => {
  const lost: string[] = []
  const maxHeapMb = 24
  await using pool = new TrustPool({
    threads: 1,
    maxHeapMb,
    onEnd: note(lost),
  })
  const ordinary = await evidence()
  const done = await Promise.allSettled([pool.run(bomb()), pool.run(ordinary)])
  expect(done).toMatchObject([
    { status: 'rejected', reason: { name: 'TooHard' } },
    { status: 'fulfilled', value: { length: 2 } },
  ])
  expect(lost).toEqual([expect.stringContaining('memory')])
})

test('a thread that is killed in the middle of a job', async () => {
  const lost: string[] = []
  await using pool = new TrustPool({
    threads: 2,
    onEnd: note(lost),
    thread: new URL('../fakes/dying-thread.ts', import.meta.url),
  })
  const done = await Promise.allSettled([pool.run(bomb()), pool.run(bomb()), pool.run(bomb())])
  expect(done).toMatchObject(Array(3).fill({ status: 'rejected', reason: { name: 'TooHard' } }))
  expect(lost).toHaveLength(3)
})
