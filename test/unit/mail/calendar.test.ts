import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, addMonths, dayIn, dayText, endOf, startOf } from '../../../mail/calendar.ts'

const ISTANBUL = 'Europe/Istanbul'

describe('days of a zone', () => {
  test.each([
    ['2026-11-21T20:59:59.999Z', '2026-11-21'],
    ['2026-11-21T21:00:00.000Z', '2026-11-22'],
    ['2015-06-30T20:59:59.000Z', '2015-06-30'], // summer time was kept until 2016
    ['2015-12-31T21:59:59.000Z', '2015-12-31'],
    ['2015-12-31T22:00:00.000Z', '2016-01-01'],
  ])('%s is in Istanbul on %s', (at, day) => {
    expect(dayText(dayIn(ISTANBUL, new Date(at)))).toBe(day)
  })

  test('a day begins and ends at midnight of its zone, also where it is shorter', () => {
    const day = { year: 2015, month: 3, day: 29 } // clocks went forward
    expect(startOf(day, ISTANBUL).toISOString()).toBe('2015-03-28T22:00:00.000Z')
    expect(endOf(day, ISTANBUL).toISOString()).toBe('2015-03-29T21:00:00.000Z')
  })

  test('every instant lies within its day', () => {
    const instants = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2090, 0) })
    fc.assert(
      fc.property(instants, fc.constantFrom(ISTANBUL, 'UTC', 'America/New_York'), (at, zone) => {
        const day = dayIn(zone, new Date(at))
        expect(startOf(day, zone).getTime()).toBeLessThanOrEqual(at)
        expect(endOf(day, zone).getTime()).toBeGreaterThan(at)
      }),
      { numRuns: 500 },
    )
  })

  test('a zone that nobody knows is an error', () => {
    expect(() => dayIn('Europe/Ankaraa', new Date(0))).toThrow(RangeError)
  })
})

describe('months of the calendar [6098 sayılı TBK m. 92]', () => {
  test.each([
    ['2026-11-30', 3, '2027-02-28'],
    ['2027-11-30', 3, '2028-02-29'],
    ['2027-11-29', 3, '2028-02-29'],
    ['2026-12-31', 3, '2027-03-31'],
    ['2026-08-31', 3, '2026-11-30'],
    ['2026-11-15', 3, '2027-02-15'],
    ['2026-03-31', -1, '2026-02-28'],
  ])('%s and %i months is %s', (from, months, to) => {
    const [year = 0, month = 0, day = 0] = from.split('-').map(Number)
    expect(dayText(addMonths({ year, month, day }, months))).toBe(to)
  })

  test('days are counted over the ends of months and years', () => {
    expect(dayText(addDays({ year: 2028, month: 2, day: 27 }, 5))).toBe('2028-03-03')
    expect(dayText(addDays({ year: 2026, month: 12, day: 29 }, 5))).toBe('2027-01-03')
  })
})
