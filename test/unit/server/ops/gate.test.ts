import { expect, test } from 'vitest'
import type { WatchedTimestamper } from '../../../../server/issue/watched-timestamper.ts'
import type { Events } from '../../../../server/ops/events.ts'
import { Gate } from '../../../../server/ops/gate.ts'
import type { Store } from '../../../../storage/port.ts'
import { movedClock } from '../../../fakes/moved-clock.ts'

test('a clock that stays wrong is measured less and less often: each measure costs stamps', async () => {
  const clock = movedClock()
  let [measures, isCertain] = [0, false]
  const timestamper = {
    clockIsCertain: () => isCertain,
    stamp: async () => {
      measures++
      throw new Error('no TSA agrees')
    },
  }
  using gate = new Gate({
    store: {
      work: { backlog: async () => [] },
      space: async () => ({ free: 1e12, total: 1e12 }),
    } as unknown as Store,
    clock,
    events: { backlog: () => {}, freeSpace: () => {} } as unknown as Events,
    eventLog: { tell: async () => {} },
    timestamper: timestamper as unknown as WatchedTimestamper,
    limits: { maxBacklog: 1, maxBacklogAge: 1 },
  })
  const measuresIn = async (looks: number): Promise<number> => {
    const before = measures
    for (let i = 0; i < looks; i++) {
      await gate.look()
      clock.elapse(2000)
    }
    return measures - before
  }
  expect(await measuresIn(1)).toBe(1)
  expect(await measuresIn(30)).toBe(5) // at 2, 6, 14, 30 and 60 s
  expect(await measuresIn(150)).toBe(10) // five minutes
  isCertain = true
  expect(await measuresIn(5)).toBe(0)
  isCertain = false
  clock.elapse(30_000)
  expect(await measuresIn(3)).toBe(2)
})
