import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toPem } from '../../evidence/x509/certificate.ts'
import { startControl } from '../../server/ops/api/socket.ts'
import { controlSocketPath } from '../../server/ops/data-lock.ts'
import { eventually } from '../fakes/eventually.ts'
import { introduce, RECIPIENT_THERE, startExchange, THERE } from '../fakes/exchange.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { evidenced, idIn } from '../fakes/mailboxes.ts'
import { HOUR, movedClock } from '../fakes/moved-clock.ts'
import { operate, partsOf } from '../fakes/operator.ts'
import { pki } from '../fakes/pki.ts'
import { startProvider, type TestProvider } from '../fakes/provider.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const folder = new TemporaryFolder()
const clock = movedClock()
const roots = folder.file('kok.pem')
let kep: TestProvider
let socket: AsyncDisposable
let messageId = ''

beforeAll(async () => {
  writeFileSync(roots, toPem('CERTIFICATE', pki().root.certificate.der))
  kep = await startProvider({ given: { clock }, tsaClock: clock, privateHosts: ['127.0.0.1'] })
  mkdirSync(folder.file('run'))
  socket = await startControl(controlSocketPath(folder.path), {
    operations: partsOf(kep),
    events: kep.provider.events,
  })
  const told = await submit(await signedMessage(pki().user.signer), {
    port: kep.provider.ports.submissions,
    ca: kep.ca,
  })
  messageId = /<(.+)>/.exec(told)?.[1] ?? ''
  await eventually(async () => {
    const { evidence } = await operate(kep, 'evidence list', {})
    return evidence.length === 2 ? evidence : undefined
  })
})
afterAll(async () => {
  await socket[Symbol.asyncDispose]()
  await kep[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

/** The provider's clock is ahead of the machine's. */
const then = () => clock.now().toISOString().replace(/\.\d+/, '')
const ctl = (line: string) => kepctl(['--data', folder.path, ...line.split(' ')])

test('5.10, 5.11: a message leaves the archive with everything that proves it, and verifies by the root alone', async () => {
  clock.elapse(2 * HOUR)
  const out = folder.file('paket')
  expect(await ctl(`archive export ${out} <${messageId}> --json`)).toMatchObject({ code: 0, err: '' })
  // It is sealed for that.
  const early = JSON.parse((await ctl(`verify ${out} --trust ${roots} --at ${then()} --json`)).out)
  expect(early[0]).toMatchObject({ kind: 'audit-pack', verdict: 'TOTAL-PASSED' })
  expect(JSON.parse((await ctl('archive seal --json')).out)).toMatchObject({ seal: expect.any(Number) })
  const sealed = folder.file('muhurlu')
  const made = JSON.parse((await ctl(`archive export ${sealed} <${messageId}> --json`)).out)
  expect(made).toMatchObject({ evidence: 2, messages: 1 })
  const [pack, ...records] = JSON.parse(
    (await ctl(`verify ${sealed} --trust ${roots} --revocation require --at ${then()} --json`)).out,
  )
  expect(pack).toMatchObject({ kind: 'audit-pack', verdict: 'TOTAL-PASSED', revocation: 'checked' })
  const evidence = records.filter(({ kind }: { kind: string }) => kind === 'evidence')
  expect(evidence).toHaveLength(2)
  for (const one of evidence) expect(one).toMatchObject({ proof: { stamps: [{ hash: 'sha256' }] } })
  const index = JSON.parse(readFileSync(join(sealed, 'pack.json'), 'utf8'))
  expect(index.messages).toMatchObject([{ messageId: `<${messageId}>`, evidence: [{}, {}] }])

  const text = await ctl(`verify ${sealed} --trust ${roots} --at ${then()}`)
  expect(text.out).toContain('Doğrulama: TOTAL-PASSED')
  expect(text.out).toContain('proved to have existed at')

  const file = join(sealed, 'evidence', '00000001.xml')
  const changed = readFileSync(file)
  changed[300]! ^= 1
  writeFileSync(file, changed)
  const refused = await ctl(`verify ${sealed} --trust ${roots} --json`)
  expect(refused.code).toBe(1)
  expect(JSON.parse(refused.out)[0].fields.detayMesaji).toContain('evidence/00000001.xml')
})

test('what is wrong with what was asked for is told', async () => {
  const out = folder.file('baska')
  expect((await ctl(`archive export ${out} <yok@hs98.kep.tr> --json`)).err).toContain('NOT_FOUND')
  expect((await ctl(`archive export ${out} --json`)).err).toContain('BAD_ARGUMENTS')
  const nothing = await ctl(`archive export ${out} --from 2020-01-01 --to 2020-01-02 --json`)
  expect(nothing.err).toContain('NOT_FOUND')
  expect(existsSync(out)).toBe(false)
  expect((await ctl(`archive export ${folder.path} --all --json`)).err).toContain('WRONG_STATE')
  expect((await ctl(`archive export /proc/x/y --all --json`)).err).toContain('CANNOT_WRITE')
  expect((await ctl(`verify ${roots} --trust ${roots} --outdated md5=2020-01-01`)).code).toBe(2)
  expect((await ctl(`verify ${roots} --trust ${roots} --at yesterday`)).code).toBe(2)
})

test('seals and renewals by hand', async () => {
  expect(JSON.parse((await ctl('archive renew --json')).out)).toEqual({ renewed: 0, rehashed: 0 })
  const { renewed } = JSON.parse((await ctl('archive renew --all --json')).out)
  expect(renewed).toBeGreaterThan(0)
  expect(JSON.parse((await ctl('archive check --json')).out)).toMatchObject({ ok: true })
  expect((await ctl('archive check')).out).toContain('The chain holds')
})

test('while no TSA answers nothing is exported, sealed or handed over, and it is told what to do', async () => {
  const out = folder.file('damgasiz')
  kep.tsa.fault = 'down'
  for (const line of [
    `archive export ${out} --all`,
    `archive export ${out} <${messageId}>`,
    `archive handover ${out} --to hs97.kep.tr`,
    'archive seal',
  ]) {
    const { code, err } = await ctl(`${line} --json`)
    expect([line, code, JSON.parse(err).error.code]).toEqual([line, 1, 'NO_TIMESTAMP'])
    expect(err).toMatch(/nothing was (?:written|sealed); try again once one of tsa.urls answers/)
    expect(existsSync(out)).toBe(false)
  }
  const turkish = await kepctl(['--data', folder.path, 'archive', 'export', out, '--all'], { language: 'tr' })
  expect(turkish.err).toContain('tsa.urls adreslerinden biri yanıt verince yeniden deneyin')
  kep.tsa.fault = 'none'
  clock.elapse(HOUR)
  expect(await ctl(`archive export ${out} --all --json`)).toMatchObject({ code: 0, err: '' })
})

/** The next provider, which knows this one by its certificate. */
async function startNext(): Promise<{
  next: TestProvider
  folder: TemporaryFolder
  control: AsyncDisposable
}> {
  const next = await startProvider({
    domain: 'hs97.kep.tr',
    given: { clock },
    tsaClock: clock,
    privateHosts: ['127.0.0.1'],
  })
  const folder = new TemporaryFolder()
  mkdirSync(folder.file('run'))
  const control = await startControl(controlSocketPath(folder.path), {
    operations: partsOf(next),
    events: next.provider.events,
  })
  return { next, folder, control }
}

/** What who asks has verified; take-over verifies by the machine's clock, which is behind here. */
const listOf = (folder: string) =>
  createHash('sha256')
    .update(readFileSync(join(folder, 'SHA512SUMS')))
    .digest('hex')

test('an archive is handed over to another provider, which proves it from then on', async () => {
  const given = folder.file('devredilen')
  const report = JSON.parse((await ctl(`archive handover ${given} --to hs97.kep.tr --json`)).out)
  expect(report).toMatchObject({ evidence: 2, messages: 1 })
  // Nothing but the record of what is sealed just now, and what it brings along, is not sealed itself.
  const index = JSON.parse(readFileSync(join(given, 'pack.json'), 'utf8'))
  expect(index.selection).toEqual({ kind: 'everything', to: 'hs97.kep.tr' })
  const [record] = readdirSync(join(given, 'records'))
  expect(JSON.parse(readFileSync(join(given, 'records', record ?? ''), 'utf8'))).toMatchObject({
    messageId: `<${messageId}>`,
  })
  const { next, folder: other, control } = await startNext()
  await using _next = next
  await using _control = control
  using _other = other
  const ctlNext = (line: string) => kepctl(['--data', other.path, ...line.split(' ')])
  const signer = kep.keys.certificate.fingerprint
  const taken = { folder: given, provider: 'hs98.kep.tr', signer, list: listOf(given) }
  // A second one of the same provider is kept beside the first.
  const records = []
  for (const wait of [0, HOUR]) {
    clock.elapse(wait)
    records.push((await operate(next, 'archive take-over', taken)).record)
  }
  await expect(operate(next, 'archive take-over', { ...taken, list: '0'.repeat(64) })).rejects.toMatchObject({
    code: 'BAD_PACK',
  })
  await expect(operate(kep, 'archive take-over', taken)).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' })
  clock.elapse(25 * HOUR)
  await operate(next, 'archive seal', {})
  const listed = JSON.parse((await ctlNext('archive taken-over --from hs98.kep.tr --json')).out)
  expect(listed.archives).toMatchObject(records.map((record) => ({ record, signer })))
  const both = other.file('ikisi')
  expect(await ctlNext(`archive taken-over ${both} --from hs98.kep.tr --json`)).toMatchObject({ code: 0 })
  expect(readdirSync(both).sort()).toEqual(records.toSorted())
  const out = other.file('devralinan')
  expect(
    await ctlNext(`archive taken-over ${out} --from hs98.kep.tr --record ${records[0]} --json`),
  ).toMatchObject({ code: 0, err: '' })
  for (const one of [out, ...records.map((record) => join(both, record))]) {
    const [pack] = JSON.parse(
      (
        await ctl(
          `verify ${join(one, 'paket')} --proved-by ${join(one, 'devir')} --trust ${roots} --at ${then()} --json`,
        )
      ).out,
    )
    expect(pack).toMatchObject({ kind: 'audit-pack', verdict: 'TOTAL-PASSED' })
  }
  next.tsa.fault = 'down'
  const none = other.file('damgasiz')
  const unstamped = await ctlNext(`archive taken-over ${none} --from hs98.kep.tr --json`)
  expect(unstamped.err).toContain('NO_TIMESTAMP')
  expect(existsSync(none)).toBe(false)
  // Another pack has no such proof.
  const unproved = await ctl(
    `verify ${folder.file('muhurlu')} --proved-by ${join(out, 'devir')} --trust ${roots} --at ${then()} --json`,
  )
  expect(unproved.err).toContain('NOT_PROVED')
  expect((await ctlNext(`archive taken-over ${other.file('x')} --from hs11.kep.tr --json`)).err).toContain(
    'NOT_FOUND',
  )
})

test('a pack with a file that is not what its list says is not taken over, nor one that does not verify', async () => {
  const { next, folder: there, control } = await startNext()
  await using _next = next
  await using _control = control
  using _there = there
  const signer = kep.keys.certificate.fingerprint
  const given = folder.file('bozuk')
  await operate(kep, 'archive handover', { folder: given, to: 'hs97.kep.tr' })
  writeFileSync(join(given, 'pack.json'), '{}')
  const take = ['--data', there.path, 'archive', 'take-over', given, '--from', 'hs98.kep.tr']
  expect((await kepctl([...take, '--trust', roots, '--signer', signer, '--json'])).err).toContain('BAD_PACK')
  await expect(
    operate(next, 'archive take-over', {
      folder: given,
      provider: 'hs98.kep.tr',
      signer,
      list: listOf(given),
    }),
  ).rejects.toMatchObject({ code: 'BAD_PACK' })
  expect((await kepctl(take)).code).toBe(2)
  // Some messages are no archive, and the archive of one provider is not another's.
  const other = folder.file('baskasinin')
  await operate(kep, 'archive handover', { folder: other, to: 'hs97.kep.tr' })
  for (const [which, provider] of [
    [other, 'hs11.kep.tr'],
    [folder.file('muhurlu'), 'hs98.kep.tr'],
  ] as const)
    await expect(
      operate(next, 'archive take-over', { folder: which, provider, signer, list: listOf(which) }),
    ).rejects.toMatchObject({ code: 'BAD_PACK' })
})

test('who signs for the provider that hands over is named, or a peer; a pack of anybody else is not kept', async () => {
  await using here = await startProvider()
  using files = new TemporaryFolder()
  await submit(await signedMessage(pki().user.signer), { port: here.provider.ports.submissions, ca: here.ca })
  await eventually(async () => {
    const { evidence } = await operate(here, 'evidence list', {})
    return evidence.length === 2 ? evidence : undefined
  })
  const given = files.file('devredilen')
  await operate(here, 'archive handover', { folder: given, to: 'hs97.kep.tr' })
  await using next = await startProvider({ domain: 'hs97.kep.tr' })
  mkdirSync(files.file('run'))
  await using _control = await startControl(controlSocketPath(files.path), {
    operations: partsOf(next),
    events: next.provider.events,
  })
  const take = (...more: string[]) =>
    kepctl([
      ...['--data', files.path, 'archive', 'take-over', given, '--from', 'hs98.kep.tr'],
      ...['--trust', roots, ...more, '--json'],
    ])
  const unnamed = await take()
  expect(unnamed).toMatchObject({ code: 2 })
  expect(unnamed.err).toContain('--signer')
  expect((await take('--signer', next.keys.certificate.fingerprint)).err).toContain('OTHER_SIGNER')
  const certificate = files.file('imza.pem')
  writeFileSync(certificate, toPem('CERTIFICATE', here.keys.certificate.der))
  const named = await take('--signer', certificate)
  expect(named).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(named.out)).toMatchObject({ fingerprint: here.keys.certificate.fingerprint })
  await introduce(next, here)
  expect((await take()).code).toBe(0)
})

test('a message to a peer leaves with what the peer issued about it, and is one provider’s pack all the same', async () => {
  await using exchange = await startExchange()
  const { here } = exchange
  const to = [RECIPIENT_THERE]
  const message = await signedMessage(pki().user.signer, undefined, { to })
  const id = idIn(await submit(message, { port: here.provider.ports.submissions, ca: here.ca, to }))
  await evidenced(here, id, 'delivery')
  const { evidence } = await operate(here, 'evidence list', {})
  expect(evidence.some(({ provider }) => provider === THERE)).toBe(true)
  using files = new TemporaryFolder()
  for (const [name, asked] of Object.entries({
    ileti: { ids: [id] },
    sureli: { from: '2020-01-01' },
    tum: { everything: true },
  })) {
    const out = files.file(name)
    await operate(here, 'archive export', { folder: out, ...asked })
    const reports = JSON.parse((await kepctl(['verify', out, '--trust', roots, '--json'])).out)
    expect(reports[0]).toMatchObject({ verdict: 'TOTAL-PASSED' })
    expect(new Set(reports.flatMap(({ statedIssuer = [] }) => statedIssuer)).size).toBe(2)
  }
})
