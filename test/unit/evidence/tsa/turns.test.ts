import { expect, test } from 'vitest'
import { Turns } from '../../../../evidence/tsa/turns.ts'

const [A, B, C] = ['a', 'b', 'c']
const URLS = [A, B, C]
const SECOND = 1000

function failing(times: number, url = A): Turns {
  const turns = new Turns()
  for (let i = 0; i < times; i++) turns.failed(url, 0)
  return turns
}

test('two failures are an accident, three are not: then it is asked last', () => {
  expect(failing(2).order(URLS, 1)).toEqual([A, B, C])
  expect(failing(3).order(URLS, 1)).toEqual([B, C, A])
})

test('a success between them forgives all', () => {
  const turns = failing(2)
  turns.succeeded(A)
  turns.failed(A, 0)
  expect(turns.order(URLS, 1)).toEqual([A, B, C])
})

test('after its rest one request tries it in its old place, the others leave it alone meanwhile', () => {
  const turns = failing(3)
  expect(turns.order(URLS, 29 * SECOND)).toEqual([B, C, A])
  expect(turns.order(URLS, 31 * SECOND)).toEqual([A, B, C])
  expect(turns.order(URLS, 31 * SECOND)).toEqual([B, C, A])
  turns.failed(A, 32 * SECOND)
  expect(turns.order(URLS, 90 * SECOND)).toEqual([B, C, A]) // twice as long
  expect(turns.order(URLS, 93 * SECOND)).toEqual([A, B, C])
  turns.succeeded(A)
  expect(turns.order(URLS, 93 * SECOND)).toEqual([A, B, C])
})

test('where all rest all are asked', () => {
  const turns = new Turns()
  for (let i = 0; i < 9; i++) for (const url of URLS) turns.failed(url, 0)
  expect(turns.order(URLS, 1)).toEqual([A, B, C])
})

test('a rest that the TSA asks for counts at once; none is longer than ten minutes', () => {
  const turns = new Turns()
  turns.failed(A, 0, 60 * SECOND)
  expect(turns.order(URLS, 59 * SECOND)).toEqual([B, C, A])
  expect(turns.order(URLS, 61 * SECOND)).toEqual([A, B, C])
  turns.failed(A, 61 * SECOND, 1e9)
  for (let i = 0; i < 99; i++) turns.failed(B, 61 * SECOND)
  expect(turns.order(URLS, 660 * SECOND)).toEqual([C, A, B])
  expect(turns.order(URLS, 662 * SECOND)).toEqual([A, B, C])
})
