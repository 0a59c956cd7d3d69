import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BackOff, jittered } from '../../../../server/relay/outbound/back-off.ts'
import { Rate } from '../../../../server/relay/outbound/rate.ts'

const retry = { first: 30_000, longest: 1_800_000 }

describe('back-off', () => {
  test('the span doubles up to the longest; the delay lies within, never under a second', () => {
    const longest = [0, 1, 2, 5, 6, 60].map((failures) => jittered(failures, retry, () => 0.999_999_9))
    expect(longest).toEqual([30_000, 60_000, 120_000, 960_000, 1_800_000, 1_800_000])
    fc.assert(
      fc.property(fc.nat(200), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, chance) => {
        const delay = jittered(failures, retry, () => chance)
        expect(delay).toBeGreaterThanOrEqual(1000)
        expect(delay).toBeLessThanOrEqual(Math.min(retry.longest, 30_000 * 2 ** Math.min(failures, 10)))
      }),
    )
  })

  test('attempts that began before the last failure are the same failure', () => {
    const backOff = new BackOff(
      () => retry,
      () => 0.5,
    )
    const { epoch } = backOff
    expect(backOff.failed(epoch, 0)).toBe(15_000)
    expect(backOff.failed(epoch, 1)).toBe(15_000)
    expect(backOff.failed(backOff.epoch, 15_000)).toBe(45_000)
    expect(backOff.probing).toBe(true)
    backOff.hasten()
    expect(backOff).toMatchObject({ until: 0, probing: true })
    backOff.succeeded()
    expect(backOff).toMatchObject({ until: 0, probing: false })
    expect(backOff.failed(backOff.epoch, 0)).toBe(15_000)
  })
})

describe('rate', () => {
  /** How many start within so many ms, asked every `step`. */
  const started = (perMinute: number, total: number, step: number): number => {
    const rate = new Rate()
    let count = 0
    for (let now = 1_000_000; now < 1_000_000 + total; now += step) count += rate.take(100, perMinute, now)
    return count
  }

  test('as many a minute as it says, however often it is asked', () => {
    expect(started(60, 60_000, 10)).toBe(60)
    expect(started(6, 60_000, 10)).toBe(6)
    // A second that was missed is made up for, no more.
    expect(started(6000, 60_000, 500)).toBeLessThanOrEqual(6100)
    expect(started(6000, 60_000, 500)).toBeGreaterThanOrEqual(5900)
    expect(started(60, 60_000, 30_000)).toBe(2)
  })

  test('what was not used is given back; without a rate all may start', () => {
    const rate = new Rate()
    expect(rate.take(5, 60, 1000)).toBe(1)
    expect(rate.wait(1000)).toBe(1000)
    rate.giveBack(1, 60)
    expect(rate.wait(1000)).toBe(0)
    expect(rate.take(7, undefined, 1000)).toBe(7)
  })
})
