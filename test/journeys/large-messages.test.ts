import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, startDaemon } from '../../scripts/bench/daemon.ts'
import { LARGEST, measureMemory, measureParallelMemory } from '../../scripts/bench/memory.ts'
import { amount } from '../fakes/thorough.ts'

/** A slice, kept in memory as a whole, passes each of the bounds as well: by more than double, and four of them. */
const OCTETS = amount({ whole: LARGEST, slice: 50_000_000 })
const MB = `${Math.round(OCTETS / 1_000_000)} MB`

let daemon: Daemon
beforeAll(async () => {
  daemon = await startDaemon({ nodeOptions: ['--max-old-space-size=96'] })
})
afterAll(() => daemon[Symbol.asyncDispose]())

describe.skipIf(process.platform !== 'linux')(
  'I8: memory is bounded, with a heap of 96 MB (peaks are the Linux kernel’s)',
  () => {
    test.each(['detached', 'opaque'] as const)(
      `%s: ${MB} in and out need at most 16 MiB more than 10 MB`,
      { timeout: 120_000 },
      async (form) => {
        const { growth, bound } = await measureMemory(daemon, form, OCTETS)
        expect(growth).toBeLessThanOrEqual(bound)
      },
    )

    test(`four of ${MB} at once need at most 160 MiB over rest`, { timeout: 120_000 }, async () => {
      const { growth, bound } = await measureParallelMemory(daemon, OCTETS)
      expect(growth).toBeLessThanOrEqual(bound)
    })
  },
)
