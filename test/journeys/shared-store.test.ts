import { expect, test } from 'vitest'
import { sharedStore } from '../../scripts/soak/shared-store.ts'
import { amount } from '../fakes/thorough.ts'

const KILLS = amount({ whole: 2, slice: 1 })
const SECONDS = amount({ whole: 5, slice: 2 })

/** A slice of `npm run soak -- shared-store`, small enough for every commit; three minutes where the machine is busy. */
test('four processes on one store, killed and with a failing database: clients hear nothing that is not so', async () => {
  const report = await sharedStore({ seconds: SECONDS, kills: KILLS, seed: 20_261_122 })
  const broken = Object.entries(report.broken).filter(([, count]) => count > 0)
  expect({ broken, examples: report.examples }).toEqual({ broken: [], examples: [] })
  expect(report.kills).toBe(KILLS)
  expect(report.accepted).toBeGreaterThan(0)
}, 300_000)
