/**
 * imaptest, by the makers of another server: every scripted group, then many clients that do what comes to mind in one mailbox while
 * it keeps count of what they must be told. OPENKEP_IMAPTEST names the program, OPENKEP_IMAPTEST_SCRIPTS the folder of its
 * scripts, OPENKEP_IMAPTEST_SECONDS how long the many clients work.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNT, type ImapUnderTest, PASSWORD, startImap } from '../fakes/imap-server.ts'

const program = process.env['OPENKEP_IMAPTEST']
const scripts = process.env['OPENKEP_IMAPTEST_SCRIPTS']
const seconds = Number(process.env['OPENKEP_IMAPTEST_SECONDS'] ?? 10)
const isHere = program !== undefined && scripts !== undefined

let under: ImapUnderTest
let folder: string
beforeAll(async () => {
  under = await startImap()
  folder = await mkdtemp(join(tmpdir(), 'openkep-imaptest-'))
})
afterAll(async () => {
  await under[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** What it says, its own failure too. */
async function imaptest(...more: string[]): Promise<string> {
  const server = [
    'host=127.0.0.1',
    `port=${under.port}`,
    'ssl=any-cert',
    `user=${ACCOUNT}`,
    `pass=${PASSWORD}`,
  ]
  const args = [...server, 'box=imaptest', `mbox=${join(scripts ?? '', 'default.mbox')}`, ...more]
  const options = { cwd: folder, timeout: (seconds + 300) * 1_000, maxBuffer: 64 * 1_048_576 }
  return promisify(execFile)(program ?? '', args, options).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: unknown) => {
      if (error instanceof Error && 'stdout' in error && 'stderr' in error)
        return `${error.stdout}${error.stderr}`
      throw error
    },
  )
}

test.skipIf(!isHere)(
  'every scripted group (where OPENKEP_IMAPTEST names the program)',
  async () => {
    const told = await imaptest(`test=${scripts}`)
    console.log(told.split('\n').slice(-4).join('\n'))
    expect(told.split('\n').filter((line) => line.startsWith('*** Test'))).toEqual([])
    expect(told).toMatch(/^\d+ test groups: 0 failed, /m)
  },
  300_000,
)

test.skipIf(!isHere)(
  'many clients in one mailbox at once (where OPENKEP_IMAPTEST names the program)',
  async () => {
    const told = await imaptest('clients=20', `secs=${seconds}`, 'checkpoint=1', 'no_pipelining')
    expect(told.split('\n').filter((line) => /^(?:Error|Panic|Fatal|Warning)/.test(line))).toEqual([])
    expect(told).toMatch(/^Totals:/m)
    const errors = await under.parts.events.registry.getSingleMetric('openkep_internal_errors_total')?.get()
    expect(errors).toMatchObject({ values: [] })
  },
  (seconds + 300) * 1_000,
)
