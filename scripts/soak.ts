#!/usr/bin/env node
/**
 * Long runs that would be too long for every commit; a short slice of each is among the tests. Prints one JSON report and
 * ends with 1 where a promise was broken.
 *
 *     npm run soak -- kill-relay [--kills 200] [--messages 2000]
 *     npm run soak -- kill-purse [--kills 200] [--messages 2000]
 *     npm run soak -- shared-store [--seconds 300] [--uri mongodb://…] [--seed N]
 */
import { parseArgs } from 'node:util'
import { killPurse } from './soak/kill-purse.ts'
import { killRelay } from './soak/kill-relay.ts'
import { sharedStore } from './soak/shared-store.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '200' },
    messages: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '300' },
    uri: { type: 'string' },
    seed: { type: 'string' },
  },
})
const tell = (text: string): void => console.error(text)

const size = { kills: Number(values.kills), messages: Number(values.messages) }

if (positionals[0] === 'kill-relay') {
  const report = await killRelay(size, tell)
  console.log(JSON.stringify(report, undefined, 2))
  const { lost, withoutFinal, secondFinals, secondCopies, contradictions, marked } = report
  const ok = lost + withoutFinal + secondFinals + secondCopies === 0 && contradictions === marked
  process.exitCode = ok ? 0 : 1
} else if (positionals[0] === 'kill-purse') {
  const report = await killPurse(size, tell)
  console.log(JSON.stringify(report, undefined, 2))
  const { brokenBooks, notCharged, chargedTwice, wronglyCharged, notGivenBack, leftReserved, wrongDeposits } =
    report
  const wrong =
    brokenBooks + notCharged + chargedTwice + wronglyCharged + notGivenBack + leftReserved + wrongDeposits
  process.exitCode = wrong === 0 ? 0 : 1
} else if (positionals[0] === 'shared-store') {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const report = await sharedStore({ seconds: Number(values.seconds), seed, uri: values.uri }, tell)
  console.log(JSON.stringify(report, undefined, 2))
  process.exitCode = Object.values(report.broken).every((count) => count === 0) ? 0 : 1
} else {
  tell('npm run soak -- kill-relay|kill-purse [--kills N] [--messages N]')
  tell('npm run soak -- shared-store [--seconds N] [--uri mongodb://…] [--seed N]')
  process.exitCode = 2
}
