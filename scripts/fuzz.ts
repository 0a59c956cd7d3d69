#!/usr/bin/env node
/**
 * `npm run fuzz -- [TARGET… | trust | imap] [--seconds S | --inputs N] [--threads T] [--seed N] [--no-growth] [--json]`: every door through
 * which octets of strangers come in, with inputs that are bent until something new happens. Ends with 1 where a reader threw
 * what it must not, took too long, believed what nobody signed, or works more than its input grows; and where an IMAP session
 * is answered otherwise than the standard has it.
 *
 * `npm run fuzz -- TARGET --file FILE`: one input again. The seed gives the same choices; keys are new in each run, so the
 * input of each finding is kept in a file.
 */
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Finding } from './fuzz/engine.ts'
import { type GrowthReport, measureGrowth } from './fuzz/growth.ts'
import type { Target } from './fuzz/target.ts'
import { GROUPS, TARGETS, targetNamed } from './fuzz/targets.ts'
import { type JobReport, runJobs } from './fuzz/threads.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    inputs: { type: 'string' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    'no-growth': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    file: { type: 'string' },
  },
})
const tell = (text: string): void => console.error(text)
/** Of fuzzing, where neither a number nor a time is given; growth is measured before. */
const DEFAULT_SECONDS = 60

const named = (name: string): readonly Target[] => GROUPS.get(name) ?? [targetNamed(name) ?? []].flat()
const unknown = positionals.filter((name) => named(name).length === 0)
const targets = positionals.length === 0 ? TARGETS : positionals.flatMap(named)

async function again(target: Target, file: string): Promise<void> {
  await target.seeds()
  console.log(await target.run(readFileSync(file)))
}

function tellGrowth({ target, name, ratio, microsecondsAnOctet, held }: GrowthReport): void {
  const figures = `× ${ratio.toFixed(1)} for ten times the octets, ${microsecondsAnOctet.toFixed(3)} µs an octet`
  tell(`${held ? 'grows ' : 'GROWS '} ${target}: ${name}: ${figures}`)
}

function tellReport(report: JobReport): void {
  const rate = Math.round(report.inputs / Math.max(report.seconds, 0.001))
  tell(
    `fuzzed ${report.target}: ${report.inputs} inputs, ${rate} a second, ${report.corpus} kept, ${report.words} outcomes, ${report.coverage} characters executed, ${report.findings.length} findings`,
  )
}

/** Beside one another, so that they can be run again. */
function keep(findings: readonly Finding[]): object[] {
  if (findings.length === 0) return []
  const folder = mkdtempSync(join(tmpdir(), 'openkep-fuzz-'))
  return findings.map(({ input, ...finding }, index) => {
    const file = join(folder, `${finding.target}-${finding.kind}-${index}`)
    writeFileSync(file, input)
    tell(`${finding.kind} in ${finding.target}: ${finding.detail}\n  input: ${file}`)
    return { ...finding, file }
  })
}

async function main(): Promise<number> {
  const seed = Number(values.seed)
  tell(`seed ${seed}`)
  const growth: GrowthReport[] = []
  if (!values['no-growth'])
    for (const target of targets)
      for await (const one of measureGrowth(target)) {
        growth.push(one)
        tellGrowth(one)
      }
  const threads = Number(values.threads)
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0)
  const seconds = values.inputs === undefined ? Number(values.seconds ?? DEFAULT_SECONDS) : Infinity
  const inputs = values.inputs === undefined ? Infinity : Number(values.inputs)
  // The heavy ones first, so that the threads end together.
  const jobs = targets
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ name, weight }, index) => ({
      name,
      budget: {
        seed: (seed + index) % 2 ** 32,
        inputs: (inputs * weight) / weights,
        seconds: (seconds * threads * weight) / weights,
      },
    }))
  const reports = await runJobs(jobs, threads, tellReport)
  const findings = keep(reports.flatMap((report) => report.findings))
  const total = reports.reduce((sum, report) => sum + report.inputs, 0)
  const missed = growth.filter(({ held }) => !held).length
  tell(`${total} inputs, ${findings.length} findings, ${missed} of ${growth.length} grow too much`)
  if (values.json) {
    const targets = reports.map(({ findings, ...report }) => ({ ...report, findings: findings.length }))
    console.log(JSON.stringify({ seed, inputs: total, targets, findings, growth }, undefined, 2))
  }
  return findings.length + missed === 0 ? 0 : 1
}

if (unknown.length > 0 || targets.length === 0) {
  tell(`targets: ${[...GROUPS.keys(), ...TARGETS.map(({ name }) => name)].join(' ')}`)
  process.exitCode = 2
} else if (values.file !== undefined) await again(targets[0]!, values.file)
else process.exitCode = await main()
