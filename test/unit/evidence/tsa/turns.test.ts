import { expect, test } from 'vitest'
import { Turns } from '../../../../evidence/tsa/turns.ts'

const [A, B, C] = ['a', 'b', 'c']
const URLS = [A, B, C]
const SECOND = 1000

function failing(times: number, url = A): Turns {
  const turns = new Turns()
  for (let i = 0; i < times; i++) turns.failed(url, 0, 0)
  return turns
}

test('two failures are an accident, three are not: then it is asked last', () => {
  expect(failing(2).order(URLS, 1)).toEqual([A, B, C])
  expect(failing(3).order(URLS, 1)).toEqual([B, C, A])
})

test('a success between them forgives all', () => {
  const turns = failing(2)
  turns.succeeded(A, 1)
  turns.failed(A, 2, 2)
  expect(turns.order(URLS, 3)).toEqual([A, B, C])
})

test('after its rest one request tries it in its old place, the others leave it alone meanwhile', () => {
  const turns = failing(3)
  expect(turns.order(URLS, 29 * SECOND)).toEqual([B, C, A])
  expect(turns.order(URLS, 31 * SECOND)).toEqual([A, B, C])
  expect(turns.order(URLS, 31 * SECOND)).toEqual([B, C, A])
  turns.failed(A, 31 * SECOND, 32 * SECOND)
  expect(turns.order(URLS, 90 * SECOND)).toEqual([B, C, A]) // twice as long
  expect(turns.order(URLS, 93 * SECOND)).toEqual([A, B, C])
  turns.succeeded(A, 93 * SECOND)
  expect(turns.order(URLS, 93 * SECOND)).toEqual([A, B, C])
})

test('where all rest all are asked', () => {
  const turns = new Turns()
  for (let i = 0; i < 9; i++) for (const url of URLS) turns.failed(url, 0, 0)
  expect(turns.order(URLS, 1)).toEqual([A, B, C])
})

test('however many requests are under way, a rest is as long as the tries that failed make it', () => {
  const turns = new Turns()
  turns.order(URLS, 0)
  for (let i = 0; i < 16; i++) turns.failed(A, 0, 10)
  expect(turns.order(URLS, 29 * SECOND)).toEqual([B, C, A])
  expect(turns.order(URLS, 31 * SECOND)).toEqual([A, B, C])
  // The try fails, and so does one that asked it last meanwhile.
  turns.failed(A, 31 * SECOND, 32 * SECOND)
  turns.failed(A, 31.5 * SECOND, 33 * SECOND)
  expect(turns.order(URLS, 91 * SECOND)).toEqual([B, C, A])
  expect(turns.order(URLS, 93 * SECOND)).toEqual([A, B, C])
})

test('those that were under way when it answered are forgiven too', () => {
  const turns = failing(2)
  turns.succeeded(A, 10)
  for (let i = 0; i < 16; i++) turns.failed(A, 5, 11)
  expect(turns.order(URLS, 12)).toEqual([A, B, C])
  for (let i = 0; i < 3; i++) turns.failed(A, 12, 13)
  expect(turns.order(URLS, 14)).toEqual([B, C, A])
})

test('while all rest, who asks them all the same makes no rest longer', () => {
  const turns = new Turns()
  for (const url of URLS) for (let second = 0; second < 20; second++) turns.failed(url, second, second)
  expect(turns.order(URLS, 29 * SECOND)).toEqual([A, B, C])
  turns.succeeded(B, 29 * SECOND)
  expect(turns.order(URLS, 29 * SECOND)).toEqual([B, A, C])
  expect(turns.order(URLS, 31 * SECOND)).toEqual([A, B, C])
})

test('a rest that the TSA asks for counts at once; none is longer than ten minutes', () => {
  const turns = new Turns()
  turns.failed(A, 0, 0, 60 * SECOND)
  turns.failed(A, 0, 1 * SECOND, 70 * SECOND) // was under way, and says so all the same
  expect(turns.order(URLS, 70 * SECOND)).toEqual([B, C, A])
  expect(turns.order(URLS, 72 * SECOND)).toEqual([A, B, C])
  turns.failed(A, 72 * SECOND, 72 * SECOND, 1e9)
  expect(turns.order(URLS, 671 * SECOND)).toEqual([B, C, A])
  expect(turns.order(URLS, 673 * SECOND)).toEqual([A, B, C])
})

test('nor is its own, after any number of tries', () => {
  const turns = failing(3)
  let now = 0
  for (let i = 0; i < 20; i++) {
    now += 601 * SECOND
    expect(turns.order(URLS, now)).toEqual([A, B, C])
    turns.failed(A, now, now)
  }
  expect(turns.order(URLS, now + 599 * SECOND)).toEqual([B, C, A])
})
