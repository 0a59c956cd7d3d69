#!/usr/bin/env node
/**
 * Long runs that would be too long for every commit; a short slice of each is among the tests. Prints one JSON report and
 * ends with 1 where a promise was broken.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { killPurse } from './soak/kill-purse.ts'
import { killRelay } from './soak/kill-relay.ts'
import { diskFaults } from './soak/power-loss/disk-faults.ts'
import { powerLoss } from './soak/power-loss/power-loss.ts'
import { sharedStore } from './soak/shared-store.ts'

const USAGE = `npm run soak -- kill-relay|kill-purse [--kills 200] [--messages 2000]
npm run soak -- power-loss [--cuts 500] [--seed N]
npm run soak -- disk-faults [--seed N]
npm run soak -- shared-store [--seconds 300] [--uri mongodb://…] [--seed N]`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '200' },
    messages: { type: 'string', default: '2000' },
    cuts: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '300' },
    uri: { type: 'string' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
})
const tell = (text: string): void => console.error(text)
const size = { kills: Number(values.kills), messages: Number(values.messages) }
const seed = Number(values.seed)

interface Run {
  readonly report: object
  /** Promises that were broken. */
  readonly broken: number
}

const sum = (...counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)

const runs = new Map<string, () => Promise<Run>>([
  [
    'kill-relay',
    async () => {
      const report = await killRelay(size, tell)
      const { lost, withoutFinal, secondFinals, secondCopies, contradictions, marked } = report
      const unmarked = Math.abs(contradictions - marked)
      return { report, broken: sum(lost, withoutFinal, secondFinals, secondCopies, unmarked) }
    },
  ],
  [
    'kill-purse',
    async () => {
      const report = await killPurse(size, tell)
      const { brokenBooks, notCharged, chargedTwice, wronglyCharged } = report
      const { notGivenBack, leftReserved, wrongDeposits } = report
      const charges = sum(brokenBooks, notCharged, chargedTwice, wronglyCharged)
      return { report, broken: sum(charges, notGivenBack, leftReserved, wrongDeposits) }
    },
  ],
  [
    'power-loss',
    async () => {
      const report = await powerLoss({ cuts: Number(values.cuts), seed }, tell)
      return { report, broken: report.broken }
    },
  ],
  [
    'disk-faults',
    async () => {
      const report = await diskFaults({ seed, calls: 'all' }, tell)
      return { report, broken: report.faults.length }
    },
  ],
  [
    'shared-store',
    async () => {
      const report = await sharedStore({ seconds: Number(values.seconds), seed, uri: values.uri }, tell)
      return { report, broken: sum(...Object.values(report.broken)) }
    },
  ],
])

const run = runs.get(positionals[0] ?? '')
if (run === undefined) {
  tell(USAGE)
  process.exitCode = 2
} else {
  const { report, broken } = await run()
  console.log(JSON.stringify(report, undefined, 2))
  process.exitCode = broken === 0 ? 0 : 1
}
