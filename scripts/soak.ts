#!/usr/bin/env node
/**
 * Long runs that would be too long for every commit; a short slice of each is among the tests. Prints one JSON report and
 * ends with 1 where a promise was broken.
 *
 *     npm run soak -- kill-relay [--kills 200] [--messages 2000]
 */
import { parseArgs } from 'node:util'
import { killRelay } from './soak/kill-relay.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '200' },
    messages: { type: 'string', default: '2000' },
  },
})
const tell = (text: string): void => console.error(text)

if (positionals[0] !== 'kill-relay') {
  tell('npm run soak -- kill-relay [--kills N] [--messages N]')
  process.exit(2)
}
const report = await killRelay({ kills: Number(values.kills), messages: Number(values.messages) }, tell)
console.log(JSON.stringify(report, undefined, 2))
const { lost, withoutFinal, secondFinals, secondCopies, contradictions, marked } = report
const ok = lost + withoutFinal + secondFinals + secondCopies === 0 && contradictions === marked
process.exitCode = ok ? 0 : 1
