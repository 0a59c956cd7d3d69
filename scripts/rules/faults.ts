/** What is wrong with the tables of rules, as the files of the project are. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FAILURES } from '../../mail/errors.ts'
import { codesOf, page, rules } from './page.ts'
import { REFUSALS } from './refusals.ts'

/** Titles of tests that begin with numbers of rules: `3.10: …`, `3.8, 3.10: …`. */
const NUMBERED = /\(\s*(['"`])(\d+\.\d+(?:, \d+\.\d+)*): /g

/** Numbers with which titles of tests begin. */
export const rowsIn = (text: string): Set<string> =>
  new Set([...text.matchAll(NUMBERED)].flatMap(([, , rows = '']) => rows.split(', ')))

/** @param root the project's folder, with its slash */
export function faultsIn(root: string): string[] {
  const read = (file: string): string =>
    existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : ''
  const missing = (files: readonly string[]): string[] =>
    files.filter((file) => !existsSync(join(root, file)))
  const faults: string[] = []
  for (const [row, { files, tests }] of rules()) {
    faults.push(...missing([...files, ...tests]).map((file) => `${row}: ${file} does not exist`))
    if (tests.length === 0) faults.push(`${row}: no test is named`)
    for (const test of tests)
      if (!rowsIn(read(test)).has(row))
        faults.push(`${row}: no test in ${test} has a title that begins with it`)
  }
  for (const code of codesOf()) {
    const { files, test } = REFUSALS[code]
    faults.push(...missing([...files, test]).map((file) => `${code}: ${file} does not exist`))
    if (!names(read(test), code)) faults.push(`${code}: ${test} does not show it`)
  }
  // A journey that is a rule's own stands in the table.
  const known = new Map(rules())
  for (const file of globSync('test/journeys/rows/*.test.ts', { cwd: root }))
    for (const row of rowsIn(read(file)))
      if (known.get(row)?.tests.includes(file) !== true)
        faults.push(`${file}: shows ${row}, and the tables do not say so`)
  if (read('docs/rules.md') !== page()) faults.push('docs/rules.md is not what `npm run rules` writes')
  return faults
}

/** By name, or by reply and status as a test looks for them. */
const names = (text: string, code: keyof typeof FAILURES): boolean =>
  text.split(/[^A-Z_]+/).includes(code) ||
  text.replaceAll('\\', '').includes(`${FAILURES[code].reply} ${FAILURES[code].status}`)
