import { expect, test } from 'vitest'
import { killRelay } from '../../../scripts/soak/kill-relay.ts'
import { amount } from '../../fakes/thorough.ts'

const KILLS = amount({ whole: 5, slice: 2 })
const MESSAGES = 10 * KILLS

/** A slice of `npm run soak -- kill-relay`, small enough for every commit; two minutes where the machine is busy. */
test('kill -9 of sender and receiver loses nothing, and neither says a final word twice', async () => {
  const report = await killRelay({ kills: KILLS, messages: MESSAGES })
  expect(report).toMatchObject({
    kills: KILLS,
    messages: MESSAGES,
    acknowledged: MESSAGES,
    lost: 0,
    withoutFinal: 0,
    secondFinals: 0,
    secondCopies: 0,
    marked: report.contradictions,
  })
}, 120_000)
