/** The KEP directory as operators and portals use it: kepctl without a daemon, then a running daemon with its API. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../mail/clock.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const HS02 = 'hs02.kep.tr'
const FIRM = 'ornek@hs98.kep.tr'
const ALI = 'ali.veli@hs98.kep.tr'
const folder = new TemporaryFolder()
beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
  await using _store = await openSqliteStore(folder.file('store'), Date.now())
})
afterAll(() => folder[Symbol.dispose]())

const ctl = (...args: string[]) => kepctl(['--data', folder.path, ...args])
const json = async (...args: string[]): Promise<unknown> => JSON.parse((await ctl(...args, '--json')).out)
const done = async (...args: string[]) => expect(await ctl(...args)).toMatchObject({ code: 0, err: '' })
const search = ['directory', 'search', '--group']

// Some twenty processes, one after the other.
test('an operator fills in, lists, searches, exports and imports', { timeout: 180_000 }, async () => {
  await done(
    'account',
    'create',
    FIRM,
    '--holder',
    'Örnek A.Ş.',
    '--kind',
    'legal',
    '--identity',
    'mersis:0876005220500260',
  )
  await done('person', 'add', FIRM, 'ayse', '--name', 'Ayşe', '--identity-number', '10000000146')
  await done('account', 'activate', FIRM)
  await done('account', 'create', ALI, '--holder', 'Ali Veli', '--identity', 'tckn:10000000146')
  await done('person', 'add', ALI, 'ali', '--name', 'Ali Veli', '--identity-number', '10000000146')
  await done('account', 'activate', ALI)
  await done(
    'directory',
    'set',
    ALI,
    '--field',
    'title=Avukat',
    '--field',
    'province=Van',
    '--consent',
    'title',
    '--listed',
    'yes',
  )

  const found = await ctl(...search, 'natural', '--field', 'title=AVUKAT')
  expect(found.out).toContain(
    `${ALI}  natural  tckn:*********46\n  Given names: Ali\n  Surname: Veli\n  Title: Avukat\n`,
  )
  expect(found.out).not.toContain('Van')
  expect(await json('directory', 'show', FIRM)).toMatchObject({
    open: { fields: { fullName: 'Örnek A.Ş.' } },
  })
  expect((await ctl(...search, 'natural', '--field', 'province=Van')).code).toBe(2)
  expect((await ctl(...search, 'natural', '--field', 'title')).code).toBe(2)

  const own = await ctl('directory', 'export')
  expect(
    own.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).address),
  ).toEqual([ALI, FIRM])
  const theirs = folder.file('hs02.jsonl')
  writeFileSync(theirs, own.out.replaceAll('hs98.kep.tr', HS02))
  expect(await json('directory', 'import', theirs, '--provider', HS02)).toMatchObject({
    taken: 2,
    removed: 0,
  })
  expect(await json(...search, 'natural', '--field', 'title=avukat')).toMatchObject([
    { address: `ali.veli@${HS02}` },
    { address: ALI },
  ])
  writeFileSync(theirs, `${own.out.replaceAll('hs98.kep.tr', HS02).split('\n')[1]}\nx\n`)
  const faulty = await ctl('directory', 'import', theirs, '--provider', HS02)
  expect(faulty).toMatchObject({
    code: 1,
    out: expect.stringMatching(/1 entries taken, 1 removed, 1 lines faulty\n {2}line 2: /),
  })
  expect(await ctl('directory', 'import', theirs, '--provider', 'hs98.kep.tr')).toMatchObject({ code: 1 })
  expect(await ctl('directory', 'import', 'none', '--provider', HS02)).toMatchObject({ code: 1 })
})

test('a portal asks for account holders over the API; sources are read at the start', async () => {
  const token = 'p'.repeat(40)
  writeFileSync(folder.file('token'), token)
  writeFileSync(
    folder.file('hs03.jsonl'),
    `${JSON.stringify({ address: 'x@hs03.kep.tr', kind: 'public', identity: { type: 'detsis', number: '24308110' }, fullName: 'Örnek Belediyesi' })}\n`,
  )
  const file = folder.file('kepd.yaml')
  const dev = (name: string) => folder.file('dev', name)
  const pair = (name: string) => `{ key: ${dev(`${name}.key.pem`)}, certificate: ${dev(`${name}.crt.pem`)} }`
  writeFileSync(
    file,
    `mode: development
provider: { domain: hs98.kep.tr, name: Deneme }
listen: { submissions: { port: 0 }, submission: { port: 0 }, peer: { port: 0 }, imaps: { port: 0 }, imap: { port: 0 }, http: { port: 0 } }
tls: ${pair('tls')}
signing: { envelope: ${pair('provider')}, evidence: ${pair('provider')} }
trust: { users: [${dev('ca.pem')}], providers: [${dev('ca.pem')}], tsas: [${dev('ca.pem')}] }
tsa: { urls: [http://127.0.0.1:9/tsa] }
api: { port: 0, tokens: [{ name: portal, file: ${folder.file('token')} }] }
directory: { queriesPerMinute: 3, sources: [{ provider: hs03.kep.tr, file: hs03.jsonl }] }
log: { level: warn }
`,
  )
  const script = fileURLToPath(new URL('../../scripts/kepd.ts', import.meta.url))
  const kepd = spawn(process.execPath, [script, '--config', file, '--data', folder.path], {
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => kepd.once('exit', resolve))
  try {
    const port = await readyPort(createInterface(kepd.stdout))
    const ask = async (name: string, body: object): Promise<[number, unknown]> => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/directory/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return [answer.status, await answer.json()]
    }
    const criteria = { group: 'legal', fullName: 'örnek' }
    const by = { account: ALI }
    for (let tries = 0; tries < 100; tries++) {
      const [, answer] = await ask('search', { criteria: { group: 'legal', address: 'x@hs03.kep.tr' } })
      if ((answer as { result: { listings: unknown[] } }).result.listings.length > 0) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(await ask('search', { by, criteria })).toMatchObject([
      200,
      {
        result: { listings: [{ address: `ornek@${HS02}` }, { address: FIRM }, { address: 'x@hs03.kep.tr' }] },
      },
    ])
    expect(await ask('search', { by: { account: 'yok@hs98.kep.tr' }, criteria })).toMatchObject([404, {}])
    await ask('search', { by, criteria })
    await ask('search', { by, criteria })
    expect(await ask('search', { by, criteria })).toMatchObject([429, { error: { code: 'TOO_FAST' } }])
    expect(await ask('import', { provider: 'hs03.kep.tr', lines: [] })).toMatchObject([
      409,
      { error: { code: 'CONFIGURED' } },
    ])
    writeFileSync(folder.file('hs03.jsonl'), 'broken')
    await done('reload')
    expect(await json(...search, 'legal', '--field', 'address=x@hs03.kep.tr')).toHaveLength(1)
    const events = (await json('log', 'list', '--account', ALI)) as { what: string; details: object }[]
    expect(events.filter(({ what }) => what === 'directory search').map(({ details }) => details)).toEqual(
      Array.from({ length: 3 }, () => ({ group: 'legal', criteria: ['fullName'], found: 3 })),
    )
  } finally {
    kepd.kill('SIGTERM')
    await ended
  }
})

async function readyPort(lines: AsyncIterable<string>): Promise<number> {
  for await (const line of lines) {
    const read = JSON.parse(line)
    if (read.ready === true) return read.ports.api
  }
  throw new Error('the daemon ended')
}
