import { expect, test } from 'vitest'
import { Guesses } from '../../../../server/accounts/guesses.ts'

test('who guesses waits twice as long each time, up to a quarter of an hour; an hour of quiet is forgiven', () => {
  let now = 0
  const guesses = new Guesses({ now: () => new Date(0), monotonic: () => now })
  for (let i = 0; i < 9; i++) guesses.failed('net', 'ayse')
  expect(guesses.isDelayed('net', 'ayse')).toBe(false)
  for (const wait of [30, 60, 120, 240, 480, 900, 900]) {
    guesses.failed('net', 'ayse')
    now += wait * 1000 - 1
    expect(guesses.isDelayed('net', 'ayse')).toBe(true)
    now += 1
    expect(guesses.isDelayed('net', 'ayse')).toBe(false)
  }
  guesses.failed('net', 'ayse')
  now += 60 * 60_000
  guesses.failed('net', 'ayse')
  expect(guesses.isDelayed('net', 'ayse')).toBe(false)
  expect(guesses.isDelayed('other', 'ayse')).toBe(false)
})

test('what is remembered is bounded, and the oldest goes first', () => {
  const guesses = new Guesses({ now: () => new Date(0), monotonic: () => 0 })
  for (let i = 0; i < 10; i++) guesses.failed('net', 'ayse')
  expect(guesses.isDelayed('net', 'ayse')).toBe(true)
  for (let i = 0; i < 30_000; i++) guesses.failed(`n${i}`, 'x')
  expect(guesses.isDelayed('net', 'ayse')).toBe(false)
})
