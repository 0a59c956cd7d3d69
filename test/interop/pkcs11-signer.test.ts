/** Signatures by keys that never leave a token, here SoftHSM: before openssl, xmlsec1 and our own verifier, and in a daemon. */
import { execFile } from 'node:child_process'
import { hash, type KeyObject, verify } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { developmentFile } from '../../config/load.ts'
import { signDetached } from '../../evidence/cms/sign.ts'
import { verifyDetached } from '../../evidence/cms/verify.ts'
import { issuerFromPem, verifyFile } from '../../evidence/index.ts'
import { signerFromToken } from '../../evidence/keys/pkcs11/token-signer.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { type Issuer, issueCertificate, type SubjectName } from '../../evidence/x509/issue.ts'
import { systemClock } from '../../mail/clock.ts'
import { startDaemon } from '../../scripts/bench/daemon.ts'
import { PASSWORD as DEVELOPMENT_PASSWORD, prepareMessages } from '../../scripts/bench/transactions.ts'
import { dotStuffed, openSmtpSession } from '../../scripts/client/smtp-session.ts'
import { startAuthority } from '../../server/development/authority.ts'
import { developmentFiles } from '../../server/development/files.ts'
import { DEVELOPMENT_ORGANIZATION } from '../../server/development/identities.ts'
import { eventually } from '../fakes/eventually.ts'
import { signedEvidence, trustOptions } from '../fakes/evidence.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { evidenced, idIn } from '../fakes/mailboxes.ts'
import { daysFromNow, makeKey, pki } from '../fakes/pki.ts'
import { RECIPIENT, SENDER, startProvider } from '../fakes/provider.ts'
import { PIN, SOFTHSM, SoftToken } from '../fakes/soft-token.ts'
import { OpensslFolder } from './openssl.ts'

const run = promisify(execFile)
const content = Buffer.from('Sayın ilgili\r\n')
const folder = new OpensslFolder()
let token: SoftToken

const KINDS = [
  { name: 'RSA', id: '01', label: 'rsa' },
  { name: 'RSA-PSS', id: '01', label: 'rsa', pss: true },
  { name: 'P-256', id: '02', label: 'p256' },
  { name: 'P-384', id: '03', label: 'p384' },
  { name: 'P-521', id: '04', label: 'p521' },
] as const

/** For the holder of the other keys of its provider. */
const certify = (
  publicKey: KeyObject,
  issuer: Issuer = pki().intermediate,
  holder: SubjectName = { commonName: 'Deneme provider', country: 'TR' },
) =>
  issueCertificate({
    subject: holder,
    publicKey,
    profile: { kind: 'provider', email: 'kep@hs98.kep.tr' },
    issuer,
    notBefore: daysFromNow(-10),
    notAfter: daysFromNow(300),
    crlUrl: 'http://127.0.0.1/deneme.crl',
    extensions: [],
  })
const chainPem = (...ders: readonly Uint8Array[]): string =>
  ders.map((der) => toPem('CERTIFICATE', der)).join('')
const named = { module: SOFTHSM, token: 'openkep', pin: PIN, hash: 'sha256' } as const

beforeAll(() => {
  token = new SoftToken()
  const larger = { '03': makeKey('p384'), '04': makeKey('p521') } as const
  for (const [id, { privateKey }] of Object.entries(larger))
    token.take(privateKey, id === '03' ? 'p384' : 'p521', id)
  const publicKeys = [
    ['01', 'rsa', token.generate('rsa', '01', 'rsa:2048')],
    ['02', 'p256', token.generate('p256', '02', 'EC:prime256v1')],
    ['03', 'p384', larger['03'].publicKey],
    ['04', 'p521', larger['04'].publicKey],
  ] as const
  const { der } = pki().intermediate.certificate
  for (const [id, label, publicKey] of publicKeys) {
    const certificate = certify(publicKey)
    folder.write(`${label}.pem`, chainPem(certificate.der, der))
    token.store(certificate.der, label, id)
  }
  token.store(der, 'issuer', '77')
  folder.write('content', content)
  folder.write('root.pem', chainPem(pki().root.certificate.der))
})
afterAll(() => {
  token[Symbol.dispose]()
  folder[Symbol.dispose]()
})

describe.each(KINDS)('$name', ({ id, label, ...kind }) => {
  test('openssl and we agree about its CMS', async () => {
    const certificates = folder.read(`${label}.pem`).toString()
    await using signer = await signerFromToken({ ...named, label, certificates, ...kind })
    const der = await signDetached({
      digest: hash('sha256', content, 'buffer'),
      signer,
      signingTime: new Date(),
    })
    folder.write('sig.p7s', der)
    const verify = [
      'cms',
      '-verify',
      '-cades',
      '-binary',
      '-inform',
      'DER',
      '-in',
      'sig.p7s',
      '-content',
      'content',
    ]
    folder.run(...verify, '-CAfile', 'root.pem', '-purpose', 'any', '-out', 'out')
    expect(folder.read('out')).toEqual(content)
    const report = await verifyDetached(der, (name) => hash(name, content, 'buffer'))
    expect(report.signers).toMatchObject([{ ok: true, algorithm: signer.algorithm, bes: true }])
  })
  test('certificate and chain may lie on the token; its evidence verifies', async () => {
    await using signer = await signerFromToken({ ...named, id, ...kind })
    expect(signer.chain.map(({ fingerprint }) => fingerprint)).toEqual([
      pki().intermediate.certificate.fingerprint,
    ])
    const octets = await signedEvidence(Buffer.from('x'), {}, signer)
    expect(await verifyFile({ name: 'delil.xml', octets }, trustOptions())).toMatchObject({
      verdict: 'TOTAL-PASSED',
    })
    if ('pss' in kind) return // which xmlsec1 knows in later versions only
    writeFileSync(folder.file('delil.xml'), octets)
    const ca = ['--trusted-pem', folder.file('root.pem')]
    await run('xmlsec1', ['--verify', '--id-attr:Id', 'SignedProperties', ...ca, folder.file('delil.xml')])
  })
})

describe('refused', () => {
  const codeOf = (over: object): Promise<string> =>
    signerFromToken({ ...named, label: 'rsa', ...over }).then(
      () => 'none',
      (error: { code: string }) => error.code,
    )
  test.each([
    ['another certificate', 'KEY_MISMATCH', () => ({ certificates: folder.read('p256.pem').toString() })],
    ['label and id of two keys', 'NO_KEY', () => ({ id: '02' })],
    ['a key that is not there', 'NO_KEY', () => ({ label: 'none' })],
    ['a token that is not there', 'NO_TOKEN', () => ({ token: 'none' })],
    ['a module that is not there', 'NO_MODULE', () => ({ module: '/nowhere/module.so' })],
    ['a library that is no module', 'NO_MODULE', () => ({ module: process.execPath })],
    [
      'no certificate but authorities',
      'NO_CERTIFICATE',
      () => ({ certificates: folder.read('root.pem').toString() }),
    ],
  ])('%s: %s', async (_name, code, over) => expect(await codeOf(over())).toBe(code))

  test('a wrong PIN, which is tried once and never again', async () => {
    const tries = [{ pin: '00000000' }, { pin: '00000000' }]
    for (const over of tries) expect(await codeOf(over)).toBe('PIN_REFUSED')
    expect(await codeOf({})).toBe('none')
  })
})

test('of several keys under one label the one of the certificate is found', async () => {
  const keys = [makeKey('p384'), makeKey('p256'), makeKey('p256')]
  for (const [index, { privateKey }] of keys.entries()) token.take(privateKey, 'several', `3${index}`)
  for (const { publicKey } of keys) {
    const certificates = chainPem(certify(publicKey).der)
    await using signer = await signerFromToken({ ...named, label: 'several', certificates })
    expect(signer.certificate.publicKey.equals(publicKey)).toBe(true)
    expect(verify('sha256', content, publicKey, await signer.sign(content))).toBe(true)
  }
})

test('many signatures at once, by several keys of a token, on one thread', async () => {
  await using rsa = await signerFromToken({ ...named, label: 'rsa' })
  await using p256 = await signerFromToken({ ...named, label: 'p256' })
  const made = await Promise.all(
    Array.from({ length: 100 }, (_, i) => (i % 2 ? rsa : p256).sign(Buffer.from([i]))),
  )
  expect(new Set(made.map((one) => Buffer.from(one).toString('hex'))).size).toBe(100)
})

describe('kepctl sign --pkcs11', () => {
  const kepctl = fileURLToPath(new URL('../../scripts/kepctl.ts', import.meta.url))
  const named = ['--pkcs11', SOFTHSM, '--token', 'openkep']
  const sign = (...options: string[]) =>
    run(process.execPath, [kepctl, 'sign', folder.file('content'), ...named, '--json', ...options], {
      env: { ...process.env, ...token.environment },
    })
  test.each([
    ['beside it', 'rsa', [], 'p7s', ['-content', 'content']],
    ['around it', 'p256', ['--attached'], 'p7m', []],
    ['by a PSS signature', 'rsa', ['--pss', '--attached'], 'p7m', []],
  ] as const)('signs a file, %s; openssl verifies it', async (name, key, options, end, more) => {
    const out = `${name}.${end}`
    await sign('--key', key, '--pin-file', token.pinFile, '--out', folder.file(out), ...options)
    const verify = ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', out, ...more]
    folder.run(...verify, '-CAfile', 'root.pem', '-purpose', 'any', '-out', 'out')
    expect(folder.read('out')).toEqual(content)
  })
  test('tells a wrong PIN, and writes nothing', async () => {
    const pin = folder.write('pin', '00000000')
    await expect(sign('--key', 'rsa', '--pin-file', pin)).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('"PIN_REFUSED"'),
    })
    expect(existsSync(folder.file('content.p7s'))).toBe(false)
  })
})

test('a provider signs evidence in the token, waits while it is pulled out, and goes on when it is back', async () => {
  const evidence = {
    pkcs11: { module: SOFTHSM, token: token.label, pinFile: token.pinFile, key: 'rsa' },
    certificate: folder.file('rsa.pem'),
  }
  const { key, signer } = pki().provider
  folder.write('envelope.key', key.export({ format: 'pem', type: 'pkcs8' }))
  folder.write('envelope.pem', chainPem(signer.certificate.der, ...signer.chain.map(({ der }) => der)))
  const envelope = { key: folder.file('envelope.key'), certificate: folder.file('envelope.pem') }
  await using kep = await startProvider({ config: { signing: { envelope, evidence } } })
  const { issuer } = pki().provider.certificate
  const send = async () =>
    idIn(
      await submit(await signedMessage(pki().user.signer), {
        port: kep.provider.ports.submissions,
        ca: kep.ca,
      }),
    )
  const isEvidenced = async (id: string): Promise<void> => {
    const { bytes } = await evidenced(kep, id, 'delivery')
    expect(await verifyFile({ name: 'delil.xml', octets: bytes }, trustOptions())).toMatchObject({
      verdict: 'TOTAL-PASSED',
    })
  }
  expect(issuer.commonName).toBe('Deneme Alt Kök')
  await isEvidenced(await send())
  token.pull()
  const waiting = await send()
  await eventually(
    async () =>
      (await kep.metric('openkep_signing_failures_total', { role: 'evidence', code: 'NO_TOKEN' })) > 0
        ? true
        : undefined,
    'the first try without the token',
  )
  token.putBack()
  await isEvidenced(waiting)
})

test('kepd: starts with the token, signs, and lets go of it when it ends', async () => {
  const data = token.folder.file('kepd')
  await (await startDaemon({ folder: data }))[Symbol.asyncDispose]()
  await using authority = await startAuthority(data, { port: 0, host: '127.0.0.1', clock: systemClock })
  const files = developmentFiles(data)
  const ca = issuerFromPem({
    key: readFileSync(files.authority.key, 'utf8'),
    certificate: readFileSync(files.authority.certificate, 'utf8'),
  })
  const certificate = join(data, 'evidence.pem')
  const publicKey = token.generate('daemon', '09', 'EC:prime256v1')
  const holder = { commonName: 'delil', organization: DEVELOPMENT_ORGANIZATION, country: 'TR' }
  writeFileSync(certificate, chainPem(certify(publicKey, ca, holder).der))
  const any = { port: 0, host: ['127.0.0.1'] }
  const pkcs11 = { module: SOFTHSM, token: token.label, pinFile: token.pinFile, key: 'daemon' }
  const config = parse(readFileSync(developmentFile, 'utf8'))
  Object.assign(config.signing, { evidence: { pkcs11, certificate } })
  Object.assign(config.trust, { crls: [authority.urls.crl] })
  Object.assign(config.tsa, { urls: [authority.urls.tsa] })
  config.listen = { submissions: any, submission: any, peer: any, imaps: any, imap: any, http: any }
  const file = join(data, 'kep.yaml')
  writeFileSync(file, stringify(config))
  const environment = Object.entries(token.environment).map(([name, value]) => `${name}=${value}`)
  await using daemon = await startDaemon({ folder: data, config: file, environment })
  const [message] = await prepareMessages(daemon, 1)
  await using smtp = await openSmtpSession(
    { port: daemon.ports.submissions, ca: daemon.ca },
    { user: SENDER, password: DEVELOPMENT_PASSWORD },
  )
  for (const line of [`MAIL FROM:<${SENDER}>`, `RCPT TO:<${RECIPIENT}>`, 'DATA']) await smtp.command(line)
  await smtp.write(dotStuffed(message!))
  expect(await smtp.reply()).toMatch(/^250 /)
  await eventually(
    async () => ((await daemon.metric('openkep_evidence_total')) >= 2 ? true : undefined),
    'submission and delivery evidence',
  )
  process.kill(daemon.pid, 'SIGTERM')
  expect(await daemon.exited).toBe(0)
})
