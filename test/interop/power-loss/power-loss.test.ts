/** A slice of `npm run soak -- power-loss`, and the proof that it would find what is missing. */
import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { powerLoss } from '../../../scripts/soak/power-loss/power-loss.ts'
import { hasCompiler } from './gcc.ts'

const CUTS = 10
/** Within so many cuts what is not synced is missed. */
const CUTS_UNTIL_LOSS = 60

describe.skipIf(!hasCompiler)('power loss (gcc)', () => {
  test('I1: whatever a cut leaves of the disk, all that was acknowledged is there', {
    timeout: 120_000,
  }, async () => {
    const report = await powerLoss({ cuts: CUTS, seed: randomInt(2 ** 31) })
    expect(report.faults, `seed ${report.seed}`).toEqual([])
    expect(report.acknowledged).toBeGreaterThan(CUTS)
  })

  test.each(['wal', 'folders'] as const)(
    'a disk that does not sync %s is found out',
    {
      timeout: 240_000,
    },
    async (lie) => {
      const report = await powerLoss({
        cuts: CUTS_UNTIL_LOSS,
        seed: randomInt(2 ** 31),
        lie,
        stopAtLoss: true,
      })
      expect(report.broken, `seed ${report.seed}`).toBe(1)
    },
  )
})
