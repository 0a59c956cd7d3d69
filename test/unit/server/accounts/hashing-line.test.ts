import { expect, test } from 'vitest'
import { HashingLine } from '../../../../server/accounts/hashing-line.ts'

const rest = (line: HashingLine<string>): string[] => {
  const jobs: string[] = []
  for (let job = line.next(); job !== undefined; job = line.next()) jobs.push(job)
  return jobs
}
/** So many guesses at one name, each from a network of its own. */
const guesses = (line: HashingLine<string>, count: number, name = 'ayse'): (string | undefined)[] =>
  Array.from({ length: count }, (_, i) => line.add(`${name} ${i}`, { network: `${name}-${i}`, name }))

test('who is known goes before all strangers, in order', () => {
  const line = new HashingLine<string>()
  guesses(line, 3)
  line.add('known 1', undefined)
  line.add('known 2', undefined)
  expect(rest(line)).toEqual(['known 1', 'known 2', 'ayse 0', 'ayse 1', 'ayse 2'])
})

test('strangers take turns by name', () => {
  const line = new HashingLine<string>()
  guesses(line, 3)
  line.add('veli', { network: 'n', name: 'veli' })
  expect(rest(line)).toEqual(['ayse 0', 'veli', 'ayse 1', 'ayse 2'])
})

test('the line ends; guesses at one name make room for another name, latest first', () => {
  const line = new HashingLine<string>()
  expect(guesses(line, 120).filter((job) => job !== undefined)).toHaveLength(20)
  expect(line.add('veli', { network: 'n', name: 'veli' })).toBe('ayse 99')
  expect(line.add('known', undefined)).toBeUndefined()
  const jobs = rest(line)
  expect(jobs).toHaveLength(101)
  expect(jobs.indexOf('veli')).toBe(2)
})

test('where every name has one place, who comes later finds none', () => {
  const line = new HashingLine<string>()
  for (let i = 0; i < 100; i++) line.add(`j${i}`, { network: `n${i}`, name: `name ${i}` })
  expect(line.add('late', { network: 'n', name: 'late' })).toBe('late')
  line.next()
  expect(line.add('late', { network: 'n', name: 'late' })).toBeUndefined()
})

test('one network has a quarter of it, again when its own were served', () => {
  const line = new HashingLine<string>()
  const add = (i: number) => line.add(`j${i}`, { network: 'n', name: `name ${i}` })
  for (let i = 0; i < 25; i++) expect(add(i)).toBeUndefined()
  expect(add(25)).toBe('j25')
  line.next()
  expect(add(25)).toBeUndefined()
  expect(rest(line)).toHaveLength(25)
})
