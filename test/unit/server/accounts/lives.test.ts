import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoredAccount } from '../../../../mail/account.ts'
import { accountAsOf, readableUntil } from '../../../../mail/account-state.ts'
import { activated, closed, reopened, withSpace } from '../../../../server/accounts/lifecycle.ts'
import { withActive, withPerson } from '../../../../server/accounts/persons.ts'

const TERM = { months: 3, zone: 'Europe/Istanbul' }
const HOLDER = { type: 'tckn', number: '10000000146' } as const
const STRANGER = { type: 'tckn', number: '10000000078' } as const
const DAY = 86_400_000

const pending: StoredAccount = {
  address: 'ayse.isik@hs98.kep.tr',
  kind: 'legal',
  service: 'send-receive',
  state: 'pending',
  holder: 'Ayşe Işık',
  identity: HOLDER,
  quota: 100,
  persons: [],
  created: '2026-01-01T00:00:00.000Z',
}
const ayse = { handle: 'ayse', name: 'Ayşe Işık', identityNumber: HOLDER.number }
const veli = { handle: 'veli', name: 'Veli', identityNumber: STRANGER.number }

describe('how long a closed account stays readable', () => {
  test.each([
    ['2026-11-30T09:00:00Z', '2027-02-28T21:00:00.000Z'], // to the end of the last day of February
    ['2027-11-30T09:00:00Z', '2028-02-29T21:00:00.000Z'], // which has one more in a leap year
    ['2027-11-29T09:00:00Z', '2028-02-29T21:00:00.000Z'],
    ['2026-12-31T09:00:00Z', '2027-03-31T21:00:00.000Z'],
    ['2026-11-30T20:59:59Z', '2027-02-28T21:00:00.000Z'],
    ['2026-11-30T21:00:00Z', '2027-03-01T21:00:00.000Z'], // in Istanbul it is the first of December
    ['2026-05-31T12:00:00Z', '2026-08-31T21:00:00.000Z'],
  ])('closed at %s: until %s', (at, until) => {
    expect(readableUntil(new Date(at), TERM).toISOString()).toBe(until)
    const account = closed(activated(withPerson(pending, ayse)), 'istek', new Date(at), TERM)
    const end = Date.parse(until)
    expect(accountAsOf(account, new Date(end - 1))).toMatchObject({ state: 'closed', changesAt: end })
    expect(accountAsOf(account, new Date(end))).toMatchObject({ state: 'locked', changesAt: undefined })
  })
})

test('what was never activated is not activated by closing and opening it', () => {
  const account = closed(withPerson(pending, ayse), 'istek', new Date(0), TERM)
  expect(reopened(account, HOLDER)).toMatchObject({ state: 'pending' })
  expect(reopened(account, HOLDER).closing).toBeUndefined()
})

describe('lives of accounts', () => {
  /** What may happen to an account, and the days that pass before it. */
  const step = fc.record({
    days: fc.integer({ min: 0, max: 60 }),
    what: fc.constantFrom(
      'activate',
      'add',
      'second',
      'passive',
      'restore',
      'close',
      'reopen',
      'reopen-stranger',
      'buy',
      'nothing',
    ),
  })

  test('any life: nobody sends for a closed account, no address changes hands, somebody can always act', () => {
    let reached = new Set<string>()
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let now = Date.UTC(2026, 10, 30, 12)
        let account = pending
        let closedAt: number | undefined
        let spaceUntil = 0
        for (const { days, what } of steps) {
          now += days * DAY
          const before = accountAsOf(account, new Date(now))
          const after = attempt(account, what, now)
          if (after !== undefined) {
            if (what === 'close') closedAt = now
            if (what === 'reopen') closedAt = undefined
            if (what === 'buy') spaceUntil = now + 30 * DAY
            expect(what).not.toBe('reopen-stranger')
            account = after
          }
          const shown = accountAsOf(account, new Date(now))
          reached = reached.add(`${before.state}>${shown.state}`)
          // The model: what it is follows from when it was closed, and from nothing else.
          expect(shown.state === 'closed' || shown.state === 'locked').toBe(closedAt !== undefined)
          if (closedAt !== undefined)
            expect(shown.state).toBe(
              now < readableUntil(new Date(closedAt), TERM).getTime() ? 'closed' : 'locked',
            )
          if (closedAt !== undefined && now < closedAt + 89 * DAY) expect(shown.state).toBe('closed')
          expect(shown.quota).toBe(now < spaceUntil ? 150 : 100)
          if (shown.state === 'active')
            expect(shown.persons.filter((person) => person.active).length).toBeGreaterThan(0)
          expect(shown.identity).toEqual(HOLDER)
          // What time will change is told beforehand, exactly.
          if (shown.changesAt !== undefined) {
            expect(shown.changesAt).toBeGreaterThan(now)
            const stays = accountAsOf(account, new Date(shown.changesAt - 1))
            expect([stays.state, stays.quota]).toEqual([shown.state, shown.quota])
            const changes = accountAsOf(account, new Date(shown.changesAt))
            expect([changes.state, changes.quota]).not.toEqual([shown.state, shown.quota])
          } else
            expect(accountAsOf(account, new Date(now + 10_000 * DAY))).toMatchObject({
              state: shown.state,
              quota: shown.quota,
            })
        }
      }),
      { numRuns: 4_000 },
    )
    for (const change of ['pending>active', 'active>closed', 'closed>active', 'closed>closed'])
      expect(reached).toContain(change)
  })

  function attempt(account: StoredAccount, what: string, now: number): StoredAccount | undefined {
    try {
      switch (what) {
        case 'activate':
          return activated(account)
        case 'add':
          return withPerson(account, ayse)
        case 'second':
          return withPerson(account, veli)
        case 'passive':
          return withActive(account, 'ayse', false)
        case 'restore':
          return withActive(account, 'ayse', true)
        case 'close':
          return closed(account, 'istek', new Date(now), TERM)
        case 'reopen':
          return reopened(account, HOLDER)
        case 'reopen-stranger':
          return reopened(account, STRANGER)
        case 'buy':
          return withSpace(account, 50, new Date(now + 30 * DAY))
        default:
          return undefined
      }
    } catch {
      return undefined
    }
  }
})
