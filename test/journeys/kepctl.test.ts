import { createPrivateKey, hash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signDetached, signerFromPkcs12 } from '../../evidence/index.ts'
import { parsePemCertificates, toPem } from '../../evidence/x509/certificate.ts'
import { systemClock } from '../../mail/clock.ts'
import { AccountDirectory } from '../../server/accounts/directory.ts'
import { PasswordThread } from '../../server/accounts/password-thread.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { startControl } from '../../server/ops/api/socket.ts'
import { controlSocketPath, lockDataFolder } from '../../server/ops/data-lock.ts'
import { takeExclusiveLock } from '../../storage/sqlite/exclusive-lock.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { ARCHIVED, archiveMessage } from '../fakes/archived-message.ts'
import { houseOf } from '../fakes/house.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { answer, type CertStatus } from '../fakes/ocsp-responder.ts'
import { makeRoot, pki } from '../fakes/pki.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const folder = new TemporaryFolder()
const address = 'ali@hs98.kep.tr'

beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
  await using store = await openSqliteStore(folder.file('store'), Date.now())
  await archiveMessage(store)
})
afterAll(() => folder[Symbol.dispose]())

const ctl = (line: string, more: Parameters<typeof kepctl>[1] = {}) =>
  kepctl(['--data', folder.path, ...line.split(' ')], more)
const json = async (line: string): Promise<unknown> => JSON.parse((await ctl(`${line} --json`)).out)

describe('without a daemon', () => {
  test('an account, its person and the password', async () => {
    expect(await ctl(`account create ${address} --holder Ali --quota 2MB`)).toMatchObject({
      code: 0,
      err: '',
    })
    expect(await ctl(`account create ${address} --holder Ali`)).toMatchObject({ code: 1 })
    expect(await ctl(`person add ${address} ali --name Ali --identity-number 10000000146`)).toMatchObject({
      code: 0,
    })
    const set = await ctl(`password set ${address}`, { stdin: 'gizli parola\n' })
    expect(set).toMatchObject({ code: 0 })
    expect(set.out + set.err).not.toContain('gizli')
    expect(await json(`account show ${address}`)).toMatchObject({
      quota: 2_000_000,
      persons: [{ hasPassword: true }],
    })
    expect(await json('account list')).toMatchObject([{ address }])
  })

  test('a password from a file; none at all is wrong use', async () => {
    const file = folder.file('secret')
    writeFileSync(file, 'baska parola\nnot this line\n')
    expect(await ctl(`password set ${address} --file ${file}`)).toMatchObject({ code: 0 })
    expect(await ctl(`password set ${address}`)).toMatchObject({ code: 2 })
    expect(await ctl(`password set ${address} --person yok --file ${file}`)).toMatchObject({ code: 1 })
  })

  test('the story of a message', async () => {
    for (const id of [ARCHIVED.messageId, ARCHIVED.messageId.slice(1, -1), ARCHIVED.delivery])
      expect(await json(`trace ${id}`)).toMatchObject([{ messageId: ARCHIVED.messageId }])
    const turkish = await ctl(`trace ${ARCHIVED.intake}`, { language: 'tr_TR.UTF-8' })
    expect(turkish.out).toContain('Durum: sürüyor')
    // 10:00 UTC is 13:00 in Istanbul.
    expect(turkish.out).toContain('2026-01-01 13:00:02')
    expect(turkish.out).toContain('bekliyor: timer/expiry')
    expect(await ctl('trace nothing')).toMatchObject({ code: 1, out: '' })
  })

  test('5.10, 5.11: evidence is listed, exported octet for octet, and verifies', async () => {
    expect(await json(`evidence list --party ${ARCHIVED.recipient}`)).toMatchObject([
      { id: ARCHIVED.delivery },
    ])
    expect(await json('evidence list --limit 1')).toHaveLength(1)
    const out = folder.file('out')
    const { code } = await ctl(`evidence export --out ${out}`)
    expect(code).toBe(0)
    const file = join(out, `00000001-${ARCHIVED.acceptance}.xml`)
    const ca = folder.file('pki.pem')
    writeFileSync(
      ca,
      [pki().root, pki().intermediate]
        .map(({ certificate }) => toPem('CERTIFICATE', certificate.der))
        .join(''),
    )
    const verified = await kepctl(['verify', file, '--trust', ca])
    expect(verified).toMatchObject({ code: 0 })
    for (const field of [
      'Doğrulama: TOTAL-PASSED',
      'Mesaj: Doğrulandı',
      'Konu: ',
      'Dosya Adı: ',
      'Alıcılar: ',
      'Remmd ID: <',
      `Delil ID: <${ARCHIVED.acceptance}>`,
    ])
      expect(verified.out).toContain(field)
    const [report] = JSON.parse((await kepctl(['verify', file, '--trust', ca, '--json'])).out)
    expect(report).toMatchObject({
      kind: 'evidence',
      verdict: 'TOTAL-PASSED',
      revocation: 'not-checked',
      fields: { remmdId: ARCHIVED.messageId, delilId: ARCHIVED.acceptance },
    })
    expect(verified.out).toContain('anchors without roles')
    const byRole = (roots: string) =>
      kepctl(['verify', file, '--providers', roots, '--users', roots, '--tsas', ca])
    expect((await byRole(ca)).out).not.toContain('anchors without roles')
    const strangers = folder.file('strangers.pem')
    writeFileSync(strangers, toPem('CERTIFICATE', makeRoot('Baska').certificate.der))
    expect(await byRole(strangers)).toMatchObject({ code: 1 })
    const required = await kepctl(['verify', file, '--trust', ca, '--revocation', 'require', '--json'])
    expect(required.code).toBe(1)
    expect(JSON.parse(required.out)[0].verdict).not.toBe('TOTAL-PASSED')
    const changed = readFileSync(file)
    changed[changed.length >> 1]! ^= 1
    writeFileSync(file, changed)
    expect((await kepctl(['verify', file, '--trust', ca])).code).toBe(1)
  })

  test('the archive is whole', async () => {
    const { code, out } = await ctl('archive check --json', { alone: true })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ ok: true, entries: 2, bodies: 1 })
  })

  test('configurations', async () => {
    expect(await ctl('config check')).toMatchObject({ code: 0 })
    const file = folder.file('bad.yaml')
    writeFileSync(file, 'mode: production\nprovider:\n  domain: example.com\n')
    const { code, out } = await ctl(`config check --config ${file} --json`)
    expect(code).toBe(1)
    const paths = JSON.parse(out).faults.map(({ path }: { path: string }) => path)
    expect(paths).toEqual(expect.arrayContaining(['provider.domain', 'tls', 'signing', 'trust', 'tsa']))
  })

  test('nobody to reload', async () =>
    expect(await ctl('reload', { alone: true })).toMatchObject({ code: 1 }))

  test.each(['', 'nonsense', 'account', 'account list --nonsense', 'verify x', 'send --from a@b --to c@d'])(
    'wrong use: %s',
    async (line) => expect(await ctl(line)).toMatchObject({ code: 2, out: '' }),
  )

  test('help goes to standard output', async () => {
    expect(await ctl('--help', { alone: true })).toMatchObject({ code: 0, err: '' })
    expect((await ctl('send --help')).out).toContain('--p12')
  })

  test('a folder that is not there, or has no configuration, is told', async () => {
    expect(await kepctl(['account', 'list', '--data', folder.file('none')])).toMatchObject({ code: 1 })
    mkdirSync(folder.file('empty'))
    expect(await kepctl(['account', 'list', '--data', folder.file('empty')])).toMatchObject({ code: 2 })
  })

  test('a folder that is locked without a socket is told with the pid', async () => {
    await using _lock = await lockDataFolder(folder.path, takeExclusiveLock)
    const refused = await ctl('account list')
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain(String(process.pid))
  })
})

describe('with a daemon', () => {
  test('asks it through the socket, and the store has one writer', async () => {
    await using _lock = await lockDataFolder(folder.path, takeExclusiveLock)
    await using store = await openSqliteStore(folder.file('store'), Date.now())
    await using passwords = new PasswordThread()
    const directory = new AccountDirectory(store, passwords, 'hs98.kep.tr', systemClock)
    await using _control = await startControl(controlSocketPath(folder.path), {
      operations: {
        directory,
        ...(await houseOf(store)),
        defaultQuota: 7,
        reload: async () => ({ needsRestart: ['listen'] }),
      },
      events: { internalError: () => {} },
    })
    expect(await ctl('account create veli@hs98.kep.tr --holder Veli', { alone: true })).toMatchObject({
      code: 0,
      err: '',
    })
    expect(await directory.get('veli@hs98.kep.tr')).toMatchObject({ holder: 'Veli', quota: 7 })
    expect(await json('reload')).toEqual({ needsRestart: ['listen'] })
    expect(await json('archive check')).toMatchObject({ ok: true })
    expect(await ctl('account create veli@hs98.kep.tr --holder Veli --json')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('"ADDRESS_TAKEN"'),
    })
  })
})

test('a detached signature takes its content from the file beside it', async () => {
  const [content, signature] = [folder.file('belge.txt'), folder.file('belge.txt.p7s')]
  const user = folder.file('dev', 'users', 'deneme.gonderen@hs98.kep.tr')
  writeFileSync(content, 'belge')
  const signer = signerFromPkcs12(readFileSync(`${user}.p12`), 'deneme', { hash: 'sha256' })
  const digest = hash('sha256', 'belge', 'buffer')
  writeFileSync(signature, await signDetached({ digest, signer, signingTime: new Date() }))
  const verify = () => kepctl(['verify', signature, '--trust', folder.file('dev', 'ca.pem')])
  expect(await verify()).toMatchObject({ code: 0 })
  const anchor = parsePemCertificates(readFileSync(folder.file('dev', 'ca.pem'), 'utf8'))[0]!
  const key = createPrivateKey(readFileSync(folder.file('dev', 'ca.key.pem')))
  const issuer = { certificate: anchor, key }
  const answered = (status: CertStatus) => {
    writeFileSync(
      folder.file('status.der'),
      answer({ issuer, singles: [{ certificate: signer.certificate, status }] }),
    )
    const how = ['--ocsp', folder.file('status.der'), '--revocation', 'require']
    return kepctl(['verify', signature, '--trust', folder.file('dev', 'ca.pem'), ...how])
  }
  expect(await answered('unknown')).toMatchObject({ code: 1 })
  expect(await answered({ revoked: new Date(0) })).toMatchObject({ code: 1 })
  expect(await answered('good')).toMatchObject({ code: 0 })
  writeFileSync(content, 'baska belge')
  expect(await verify()).toMatchObject({ code: 1 })
})
