import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FAILURES } from '../../../mail/errors.ts'

const root = new URL('../../../', import.meta.url)
const page = readFileSync(new URL('docs/rules.md', root), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => /^\| [A-Z]/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))

test('docs/rules.md lists every refusal with its reply and its evidence, and nothing else', () => {
  const told = rows.map(([, code, reply, reason]) => [code, reply, reason])
  const known = Object.entries(FAILURES).map(([code, failure]) => [
    code,
    `${failure.reply} ${failure.status}`,
    'reason' in failure ? failure.reason : '–',
  ])
  expect(told).toEqual(known)
})

test('the files that it names exist', () => {
  for (const match of page.matchAll(/`([a-z]+\/[^`]+\.ts)`/g))
    expect(existsSync(new URL(match[1]!, root)), match[1]).toBe(true)
})
