#!/usr/bin/env node
/**
 * Long runs that would be too long for every commit; a short slice of each is among the tests. Prints one JSON report and
 * ends with 1 where a promise was broken.
 *
 *     npm run soak -- kill-relay [--kills 200] [--messages 2000]
 *     npm run soak -- kill-purse [--kills 200] [--messages 2000]
 *     npm run soak -- power-loss [--cuts 500] [--seed N]
 *     npm run soak -- disk-faults [--seed N]
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { killPurse } from './soak/kill-purse.ts'
import { killRelay } from './soak/kill-relay.ts'
import { diskFaults } from './soak/power-loss/disk-faults.ts'
import { powerLoss } from './soak/power-loss/power-loss.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '200' },
    messages: { type: 'string', default: '2000' },
    cuts: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
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
} else if (positionals[0] === 'power-loss') {
  const report = await powerLoss({ cuts: Number(values.cuts), seed: Number(values.seed) }, tell)
  console.log(JSON.stringify(report, undefined, 2))
  process.exitCode = report.broken === 0 ? 0 : 1
} else if (positionals[0] === 'disk-faults') {
  const report = await diskFaults({ seed: Number(values.seed), calls: 'all' }, tell)
  console.log(JSON.stringify(report, undefined, 2))
  process.exitCode = report.faults.length === 0 ? 0 : 1
} else {
  tell('npm run soak -- kill-relay|kill-purse [--kills N] [--messages N]')
  tell('npm run soak -- power-loss [--cuts N] [--seed N]')
  tell('npm run soak -- disk-faults [--seed N]')
  process.exitCode = 2
}
