import { afterEach, expect, test } from 'vitest'
import { ClockUncertain, watchTimestamper } from '../../../../server/issue/watched-timestamper.ts'
import { movedClock } from '../../../fakes/moved-clock.ts'
import { pki } from '../../../fakes/pki.ts'
import { startTsa } from '../../../fakes/tsa.ts'

const IMPRINT = Buffer.alloc(32, 7)
const opened: { close(): void }[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

/** Two TSAs with clocks of their own, and ours. */
async function house() {
  const [first, second, ours] = [movedClock(), movedClock(), movedClock()]
  const tsas = [await startTsa({ clock: first }), await startTsa({ clock: second })] as const
  const failures: string[] = []
  const skews: number[] = []
  const events = {
    clockSkew: (milliseconds: number): unknown => skews.push(Math.round(milliseconds / 10_000) * 10 || 0),
    stamped: () => {},
    tsaFailed: (_url: string, code: string): unknown => failures.push(code),
  }
  const watched = watchTimestamper({
    urls: tsas.map(({ url }) => url),
    accounts: new Map(),
    demands: new Map(),
    timeoutMs: 5000,
    anchors: () => pki().trust.anchors,
    status: { refusal: async () => undefined },
    clock: ours,
    events,
  })
  opened.push(watched)
  const stamp = () =>
    watched.stamp(IMPRINT, 'sha256').then(
      () => 'stamped',
      (error: Error) => error.name,
    )
  return {
    clocks: { first, second, ours },
    tsas,
    watched,
    failures,
    skews,
    stamp,
    asked: () => tsas.map(({ queries }) => queries),
    [Symbol.asyncDispose]: async () => {
      for (const tsa of tsas) await tsa[Symbol.asyncDispose]()
    },
  }
}

test('a TSA whose clock is wrong does not stop the house while another agrees with us', async () => {
  await using own = await house()
  own.clocks.first.move(-120_000)
  for (let i = 0; i < 6; i++) {
    expect(await own.stamp()).toBe('stamped')
    expect(own.watched.clockIsCertain()).toBe(true)
  }
  expect(own.asked()).toEqual([3, 6]) // after three failures the first one rests
  expect([own.failures, own.skews]).toEqual([Array(3).fill('CLOCK_SKEW'), Array(6).fill(0)])
})

test('where none agrees our clock is uncertain, until one does', async () => {
  await using own = await house()
  own.clocks.first.move(-120_000)
  own.clocks.second.move(-120_000)
  expect(await own.stamp()).toBe(ClockUncertain.name)
  expect([own.watched.clockIsCertain(), own.skews]).toEqual([false, [-120]])
  own.clocks.second.move(120_000)
  expect(await own.stamp()).toBe('stamped')
  expect(own.watched.clockIsCertain()).toBe(true)
})

test('so it is where the other one tells no time at all', async () => {
  await using own = await house()
  own.clocks.first.move(120_000)
  own.tsas[1].fault = 'down'
  expect(await own.stamp()).toBe(ClockUncertain.name)
  expect(own.watched.clockIsCertain()).toBe(false)
})

test('one failure of the TSA that agreed a while ago does not make our clock uncertain', async () => {
  await using own = await house()
  own.clocks.first.move(-120_000)
  expect(await own.stamp()).toBe('stamped')
  own.tsas[1].fault = 'down'
  expect(await own.stamp()).toBe('TimestampError')
  expect(own.watched.clockIsCertain()).toBe(true)
})

test('TSAs that are away say nothing about the clock', async () => {
  await using own = await house()
  for (const tsa of own.tsas) tsa.fault = 'down'
  expect(await own.stamp()).toBe('TimestampError')
  expect(own.watched.clockIsCertain()).toBe(true)
})

test('each token is judged by its own time, not by that of others under way', async () => {
  await using own = await house()
  own.clocks.first.move(-120_000)
  const all = await Promise.all(Array.from({ length: 12 }, own.stamp))
  expect(all).toEqual(Array(12).fill('stamped'))
  expect(own.watched.clockIsCertain()).toBe(true)
})

test('a jump of our clock shows at once, and so does its end', async () => {
  await using own = await house()
  expect(await own.stamp()).toBe('stamped')
  own.clocks.ours.move(90_000)
  expect(own.watched.clockIsCertain()).toBe(false)
  expect(await own.stamp()).toBe(ClockUncertain.name)
  own.clocks.ours.move(-90_000)
  expect(own.watched.clockIsCertain()).toBe(true)
})
