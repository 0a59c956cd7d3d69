import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { faultsIn, rowsIn } from '../../../../scripts/rules/faults.ts'
import { rules } from '../../../../scripts/rules/page.ts'
import { REFUSALS } from '../../../../scripts/rules/refusals.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** A copy of every file that the tables name, and of the page. */
function copied(): TemporaryFolder {
  const folder = new TemporaryFolder()
  const files = new Set([
    'docs/rules.md',
    ...rules().flatMap(([, { files, tests }]) => [...files, ...tests]),
    ...Object.values(REFUSALS).flatMap(({ files, test }) => [...files, test]),
  ])
  for (const file of files) {
    mkdirSync(dirname(folder.file(file)), { recursive: true })
    cpSync(`${root}${file}`, folder.file(file))
  }
  return folder
}
const change = (folder: TemporaryFolder, file: string, from: string, to: string): void => {
  const text = readFileSync(folder.file(file), 'utf8')
  expect(text).toContain(from)
  writeFileSync(folder.file(file), text.replaceAll(from, to))
}

test('numbers are read from the beginnings of titles alone', () => {
  const text = `test('3.10: x'); test.each([1])('4.5, 4.17: %s'); test('I5: 9.9: x'); const x = '1.2: x'; test("1.18: y")`
  expect([...rowsIn(text)]).toEqual(['3.10', '4.5', '4.17', '1.18'])
})

test('a rule without its test, a refusal that nothing shows, a missing file and another page are faults', () => {
  using folder = copied()
  expect(faultsIn(folder.path)).toEqual([])
  change(folder, 'test/journeys/rows/sending.test.ts', "'3.10: ", "'3.99: ")
  change(folder, 'test/journeys/refusals-of-the-house.test.ts', 'DISK_FULL', 'DISK')
  change(folder, 'test/journeys/refusals-of-the-house.test.ts', '452 4\\.3\\.1', '452')
  change(folder, 'docs/rules.md', '| 3.10 |', '| 3.10a |')
  rmSync(folder.file('mail/served-at.ts'))
  expect(faultsIn(folder.path).toSorted()).toEqual([
    '12.2: mail/served-at.ts does not exist',
    '3.10: no test in test/journeys/rows/sending.test.ts has a title that begins with it',
    'DISK_FULL: test/journeys/refusals-of-the-house.test.ts does not show it',
    'docs/rules.md is not what `npm run rules` writes',
    'test/journeys/rows/sending.test.ts: shows 3.99, and the tables do not say so',
  ])
})
