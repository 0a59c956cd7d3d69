import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { writeDurably } from '../../../server/durable-file.ts'
import { TemporaryFolder } from '../../fakes/temporary-folder.ts'

test('makes folders, replaces the whole file, leaves nothing else', async () => {
  using folder = new TemporaryFolder()
  const file = folder.file('a', 'b.txt')
  await writeDurably(file, 'a longer text')
  await writeDurably(file, 'short')
  expect(readFileSync(file, 'utf8')).toBe('short')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(folder.file('a')).mode & 0o777).toBe(0o700)
  expect(readdirSync(folder.file('a'))).toEqual(['b.txt'])
})

test('writers at once: one of them wins whole', async () => {
  using folder = new TemporaryFolder()
  const file = folder.file('a.txt')
  const texts = Array.from({ length: 10 }, (_, index) => String(index).repeat(100_000))
  await Promise.all(texts.map((text) => writeDurably(file, text)))
  expect(texts).toContain(readFileSync(file, 'utf8'))
  expect(readdirSync(folder.path)).toEqual(['a.txt'])
})

test('a name that is a folder: rejected, and nothing is left behind', async () => {
  using folder = new TemporaryFolder()
  mkdirSync(folder.file('taken'))
  await expect(writeDurably(folder.file('taken'), 'x')).rejects.toThrow()
  expect(readdirSync(folder.path)).toEqual(['taken'])
})
