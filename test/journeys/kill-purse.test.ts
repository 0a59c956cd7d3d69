import { expect, test } from 'vitest'
import { killPurse } from '../../scripts/soak/kill-purse.ts'
import { amount } from '../fakes/thorough.ts'

const KILLS = amount({ whole: 3, slice: 2 })
const MESSAGES = 10 * KILLS

/** A slice of `npm run soak -- kill-purse`, small enough for every commit; two minutes where the machine is busy. */
test('kill -9 while accounts pay: the books add up each time, and every delivery is charged once', async () => {
  const { swept: _, seconds: __, ...report } = await killPurse({ kills: KILLS, messages: MESSAGES })
  expect(report).toEqual({
    kills: KILLS,
    messages: MESSAGES,
    acknowledged: MESSAGES,
    brokenBooks: 0,
    faults: [],
    notCharged: 0,
    chargedTwice: 0,
    wronglyCharged: 0,
    notGivenBack: 0,
    leftReserved: 0,
    wrongDeposits: 0,
  })
}, 120_000)
