import { expect, test } from 'vitest'
import type { EvidenceReason } from '../../../../mail/errors.ts'
import type { SendResult } from '../../../../server/relay/send-result.ts'
import { HOUR, RelayHistory } from '../../../fakes/relay-history.ts'

const unreachable = (reason: EvidenceReason): SendResult => ({ kind: 'unreachable', reason, details: 'told' })

test.each<[what: string, last: SendResult, reason: EvidenceReason]>([
  ['away', unreachable('R_REMMD_Unreachable'), 'R_REMMD_Unreachable'],
  ['a stranger in its place', unreachable('R_REMMD_NotIdentified'), 'R_REMMD_NotIdentified'],
  ['there, and always busy', { kind: 'deferred', details: '451 4.3.0 later' }, 'R_REMMD_Unreachable'],
])('a peer that was %s until the end: the relay failure says so', async (_, last, reason) => {
  const history = await RelayHistory.begin(2)
  await history.attempt(() => unreachable('R_REMMD_NotIdentified'))
  await history.attempt(() => last)
  history.now += 25 * HOUR
  await history.drain()
  expect(history.failures()).toEqual([
    [1, reason],
    [2, reason],
  ])
})
