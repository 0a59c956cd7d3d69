import { expect, test } from 'vitest'
import { dayText } from '../../../mail/calendar.ts'
import { servedBy } from '../../../mail/served-at.ts'

const ISTANBUL = 'Europe/Istanbul'
const rule = { days: 5, zone: ISTANBUL }

test.each([
  // Istanbul is three hours ahead: its day ends at 21:00 UTC.
  ['2026-11-22T09:00:00.000Z', '2026-11-27', '2026-11-27T21:00:00.000Z'],
  ['2026-11-22T20:59:59.999Z', '2026-11-27', '2026-11-27T21:00:00.000Z'],
  ['2026-11-22T21:00:00.000Z', '2026-11-28', '2026-11-28T21:00:00.000Z'],
  ['2026-11-21T21:00:00.000Z', '2026-11-27', '2026-11-27T21:00:00.000Z'],
  // Ends of months and of the year, and a leap day.
  ['2026-11-26T12:00:00.000Z', '2026-12-01', '2026-12-01T21:00:00.000Z'],
  ['2026-12-28T12:00:00.000Z', '2027-01-02', '2027-01-02T21:00:00.000Z'],
  ['2026-12-31T21:00:00.000Z', '2027-01-06', '2027-01-06T21:00:00.000Z'],
  ['2028-02-25T12:00:00.000Z', '2028-03-01', '2028-03-01T21:00:00.000Z'],
  ['2027-02-25T12:00:00.000Z', '2027-03-02', '2027-03-02T21:00:00.000Z'],
])('delivered %s: served at the end of %s', (delivered, day, at) => {
  const served = servedBy(new Date(delivered), rule)
  expect([dayText(served.day), served.at.toISOString()]).toEqual([day, at])
})

test('days and zone are the operator’s', () => {
  const served = servedBy(new Date('2026-11-22T09:00:00Z'), { days: 0, zone: 'UTC' })
  expect(served.at.toISOString()).toBe('2026-11-23T00:00:00.000Z')
})

test('a zone whose clocks change in between ends its day by the clocks of that day', () => {
  const served = servedBy(new Date('2026-10-23T12:00:00Z'), { days: 5, zone: 'Europe/Berlin' })
  expect(served.at.toISOString()).toBe('2026-10-28T23:00:00.000Z')
})
