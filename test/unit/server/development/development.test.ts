import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  CertificateValidator,
  type ClockSkew,
  HttpTimestamper,
  parsePemCertificates,
  signerFromPkcs12,
} from '../../../../evidence/index.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { identityNumberOf } from '../../../../mail/signer-identity.ts'
import { AccountDirectory } from '../../../../server/accounts/directory.ts'
import { PasswordThread } from '../../../../server/accounts/password-thread.ts'
import { type Authority, startAuthority } from '../../../../server/development/authority.ts'
import { developmentConfig } from '../../../../server/development/config.ts'
import { developmentFiles } from '../../../../server/development/files.ts'
import { DEVELOPMENT_PERSONS } from '../../../../server/development/identities.ts'
import { ensureDevelopmentPki } from '../../../../server/development/pki.ts'
import { revokeDevelopmentCertificate } from '../../../../server/development/revoked.ts'
import { seedDevelopmentAccounts } from '../../../../server/development/seed.ts'
import { readSigner } from '../../../../server/key-files.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { statusSource } from '../../../fakes/status-source.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const domain = 'hs98.kep.tr'
const options = { domain, clock: systemClock }
const folder = new TemporaryFolder()
const files = developmentFiles(folder.path)
let authority: Authority

beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, options)
  authority = await startAuthority(folder.path, { port: 0, host: '127.0.0.1', clock: systemClock })
})
afterAll(async () => {
  await authority[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const certificateOf = (file: string) => parsePemCertificates(readFileSync(file, 'utf8'))[0]!
const mode = (file: string): number => statSync(file).mode & 0o777

describe('the development PKI', () => {
  test('keys are the owner’s alone', () => {
    for (const pair of [files.authority, files.provider, files.tsa, files.tls])
      expect(mode(pair.key)).toBe(0o600)
    for (const { local } of DEVELOPMENT_PERSONS) {
      const user = files.user(`${local}@${domain}`)
      expect([mode(user.key), mode(user.p12)]).toEqual([0o600, 0o600])
    }
    expect(mode(folder.file('dev'))).toBe(0o700)
  })

  test('one user certificate has an address, the other is shaped like a qualified one; both name the person', () => {
    const [user, qualified] = DEVELOPMENT_PERSONS.map(({ local }) =>
      certificateOf(files.user(`${local}@${domain}`).certificate),
    )
    expect(user?.emailAddresses).toEqual([`deneme.gonderen@${domain}`])
    expect(qualified?.emailAddresses).toEqual([])
    expect([...(qualified?.keyUsage ?? [])]).toEqual(['nonRepudiation'])
    expect([user, qualified].map((one) => identityNumberOf(one?.subject.serialNumber))).toEqual(
      DEVELOPMENT_PERSONS.map(({ identityNumber }) => identityNumber),
    )
  })

  test.each(DEVELOPMENT_PERSONS)('the check digits of $identityNumber hold', ({ identityNumber }) => {
    const digits = [...identityNumber].map(Number)
    const sum = (from: number, step: number, to: number) =>
      digits.reduce(
        (all, digit, at) => (at >= from && at < to && (at - from) % step === 0 ? all + digit : all),
        0,
      )
    expect(digits[9]).toBe((sum(0, 2, 9) * 7 - sum(1, 2, 8)) % 10)
    expect(digits[10]).toBe(sum(0, 1, 10) % 10)
  })

  test('the .p12 opens with the password and holds the key of the certificate', () => {
    const user = files.user(`deneme.gonderen@${domain}`)
    const signer = signerFromPkcs12(readFileSync(user.p12), 'deneme', { hash: 'sha256' })
    expect(signer.certificate.fingerprint).toBe(certificateOf(user.certificate).fingerprint)
  })

  test('a second start changes nothing; one that was cut off before ca.pem begins anew', async () => {
    using other = new TemporaryFolder()
    const at = developmentFiles(other.path)
    await ensureDevelopmentPki(other.path, options)
    const before = readFileSync(at.provider.certificate, 'utf8')
    await ensureDevelopmentPki(other.path, options)
    expect(readFileSync(at.provider.certificate, 'utf8')).toBe(before)
    rmSync(at.authority.certificate)
    await ensureDevelopmentPki(other.path, options)
    expect(readFileSync(at.provider.certificate, 'utf8')).not.toBe(before)
    expect(certificateOf(at.provider.certificate).issuer.der).toEqual(
      certificateOf(at.authority.certificate).subject.der,
    )
  })

  test('a folder of another provider is refused', async () => {
    await expect(
      ensureDevelopmentPki(folder.path, { domain: 'hs99.kep.tr', clock: systemClock }),
    ).rejects.toThrow('hs99.kep.tr')
  })
})

describe('the development authority', () => {
  const anchors = () => parsePemCertificates(readFileSync(files.authority.certificate, 'utf8'))
  const asking = () => ({ at: new Date(), freshness: undefined, requestsLeft: 4 })

  test('stamps for the client that asks foreign TSAs', async () => {
    const lists = await statusSource().lists([authority.urls.crl], anchors(), asking())
    const trust = () => ({
      anchors: anchors(),
      intermediates: [],
      crls: lists,
      revocation: 'require' as const,
    })
    const timestamper = new HttpTimestamper({
      urls: [authority.urls.tsa],
      trust,
      clock: systemClock,
      timeoutMs: 5000,
    })
    const token = await timestamper.stamp(Buffer.alloc(32, 7), 'sha256')
    expect(token.certificate.fingerprint).toBe(certificateOf(files.tsa.certificate).fingerprint)
  })

  const post = (init: RequestInit, path = authority.urls.tsa) => fetch(path, { method: 'POST', ...init })
  const query = { 'Content-Type': 'application/timestamp-query' }

  test('refuses by method, type and size', async () => {
    expect((await fetch(authority.urls.tsa)).status).toBe(405)
    expect((await post({ headers: { 'Content-Type': 'text/plain' }, body: 'x' })).status).toBe(415)
    expect((await post({ headers: query, body: Buffer.alloc(5000) })).status).toBe(413)
    expect((await post({}, authority.urls.crl)).status).toBe(405)
    expect((await fetch(authority.urls.crl.replace('ca.crl', 'x'))).status).toBe(404)
    const junk = await post({ headers: query, body: 'junk' })
    expect([junk.status, junk.headers.get('content-type')]).toEqual([200, 'application/timestamp-reply'])
  })

  test('a revoked certificate is on the next list', async () => {
    using other = new TemporaryFolder()
    await ensureDevelopmentPki(other.path, options)
    await using own = await startAuthority(other.path, { port: 0, host: '127.0.0.1', clock: systemClock })
    const at = developmentFiles(other.path)
    const user = certificateOf(at.user(`deneme.alici@${domain}`).certificate)
    const check = async () => {
      const validator = new CertificateValidator({
        anchors: parsePemCertificates(readFileSync(at.authority.certificate, 'utf8')),
        status: statusSource({ maxAgeMs: 0 }),
        furtherLists: [own.urls.crl],
      })
      const now = { intermediates: [], at: new Date(Date.now() + 2000), revocation: 'require' as const }
      const result = await validator.validate(user, now)
      return result.ok ? result.revocation : result.failure
    }
    expect(await check()).toBe('checked')
    await revokeDevelopmentCertificate(other.path, user.serialBytes, new Date())
    expect(await check()).toBe('REVOKED')
  })

  test('a port that is taken is told', async () => {
    const taken = { port: authority.port, host: '127.0.0.1', clock: systemClock }
    await expect(startAuthority(folder.path, taken)).rejects.toThrow('cannot listen')
  })

  test('follows a clock that was moved', async () => {
    let ahead = 0
    const clock = { now: () => new Date(Date.now() + ahead), monotonic: () => performance.now() }
    await using own = await startAuthority(folder.path, { port: 0, host: '127.0.0.1', clock })
    const trust = () => ({
      anchors: anchors(),
      intermediates: [],
      crls: [],
      revocation: 'if-present' as const,
    })
    let skew = Number.POSITIVE_INFINITY
    const onSkew = ({ milliseconds }: ClockSkew) => {
      skew = milliseconds
    }
    const urls = [own.urls.tsa]
    const timestamper = new HttpTimestamper({ urls, trust, clock, timeoutMs: 5000, onSkew })
    ahead = 30 * 86_400_000
    await expect
      .poll(async () => {
        await timestamper.stamp(Buffer.alloc(32), 'sha256')
        return Math.abs(skew) < 5000
      })
      .toBe(true)
  })
})

test('the configuration names files that are there and keys that fit', async () => {
  const config = developmentConfig(folder.path, authority)
  expect(config.mode).toBe('development')
  expect(config.tsa.urls).toEqual([authority.urls.tsa])
  expect(config.listen.submissions.port).toBe(10_465)
  for (const key of [config.tls, ...config.signing.envelope, ...config.signing.evidence])
    await readSigner(key)
  for (const anchor of [...config.trust.users, ...config.trust.providers, ...config.trust.tsas])
    expect(existsSync(anchor)).toBe(true)
  const moved = developmentConfig(folder.path, authority, [
    [['provider', 'domain'], 'hs99.kep.tr'],
    [['listen', 'http', 'port'], 0],
  ])
  expect([moved.provider.domain, moved.listen.http.port]).toEqual(['hs99.kep.tr', 0])
})

test('accounts are seeded once, and a half-made one is completed', async () => {
  using data = new TemporaryFolder()
  await using store = await openSqliteStore(data.path, Date.now())
  await using passwords = new PasswordThread()
  const directory = new AccountDirectory(store, passwords, domain, systemClock)
  const address = `deneme.alici@${domain}`
  const half = { address, kind: 'natural', service: 'send-receive', holder: 'Işık Alıcı', quota: 1 } as const
  await directory.create(half)
  await seedDevelopmentAccounts(directory, { domain, quota: 1e9 })
  const first = await directory.list('', 10)
  expect(first.map((account) => account.address)).toEqual([address, `deneme.gonderen@${domain}`])
  for (const account of first) expect(account.persons.map((one) => one.passwordHash)).toHaveLength(1)
  await seedDevelopmentAccounts(directory, { domain, quota: 1e9 })
  expect(await directory.list('', 10)).toEqual(first)
})
