#!/usr/bin/env node
/** `npm run rules` writes docs/rules.md from the tables in scripts/rules/; `npm run check:rules` says what is wrong with them. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { faultsIn } from './rules/faults.ts'
import { codesOf, page, rules } from './rules/page.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

if (process.argv[2] !== '--check') writeFileSync(new URL('../docs/rules.md', import.meta.url), page())
const faults = faultsIn(root)
if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exit(1)
}
console.log(`rules: ${rules().length} with their tests, ${codesOf().length} refusals`)
