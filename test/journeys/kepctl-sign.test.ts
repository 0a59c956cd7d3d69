/** `kepctl sign` as people and scripts call it. */
import { hash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OpaqueReader } from '../../evidence/cms/opaque.ts'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { makePkcs12 } from '../../evidence/keys/pkcs12.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { makeRoot, pki } from '../fakes/pki.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'
import { type FakeTsa, startTsa } from '../fakes/tsa.ts'

const folder = new TemporaryFolder()
const at = (name: string): string => folder.file(name)
const { key, certificate, signer } = pki().user
let tsa: FakeTsa
let next = 0
/** A file of its own for each test. */
const document = (octets: Uint8Array | string = 'Sayın ilgili\n'): string => {
  const file = at(`belge-${next++}.pdf`)
  writeFileSync(file, octets)
  return file
}

beforeAll(async () => {
  tsa = await startTsa()
  const certificates = [certificate, ...signer.chain]
  const locked = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'parola' } as const
  writeFileSync(at('user.p12'), makePkcs12({ key, certificates, password: 'parola', friendlyName: 'x' }))
  writeFileSync(at('user.key'), privateKeyPem(key))
  writeFileSync(at('locked.key'), key.export(locked))
  writeFileSync(at('user.pem'), certificates.map(({ der }) => toPem('CERTIFICATE', der)).join(''))
  writeFileSync(at('root.pem'), toPem('CERTIFICATE', pki().root.certificate.der))
  writeFileSync(at('stranger.pem'), toPem('CERTIFICATE', makeRoot('Yabancı').certificate.der))
  writeFileSync(at('password'), 'parola\n')
})
afterAll(async () => {
  await tsa[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const p12 = ['--p12', at('user.p12'), '--p12-password-file', at('password')]
const verify = (file: string) => kepctl(['verify', file, '--trust', at('root.pem'), '--json'])

test('a certificate that is for something else signs nothing', async () => {
  writeFileSync(at('tsa.key'), privateKeyPem(pki().tsa.key))
  writeFileSync(at('tsa.pem'), toPem('CERTIFICATE', pki().tsa.certificate.der))
  const file = document()
  const ran = await kepctl(['sign', file, '--key', at('tsa.key'), '--cert', at('tsa.pem'), '--json'])
  expect(ran).toMatchObject({ code: 1, out: '' })
  expect(JSON.parse(ran.err)).toMatchObject({ error: { code: 'NOT_FOR_SIGNING' } })
  expect(existsSync(`${file}.p7s`)).toBe(false)
})

test('a file that is not there is told with a code', async () => {
  const ran = await kepctl(['sign', at('none.pdf'), ...p12, '--json'])
  expect(ran.code).toBe(1)
  expect(JSON.parse(ran.err)).toMatchObject({ error: { code: 'NO_SUCH_FILE' } })
})

describe('a signature beside the file', () => {
  test.each([
    ['PKCS#12', p12],
    ['PEM', ['--key', at('user.key'), '--cert', at('user.pem')]],
    [
      'PEM under a password',
      ['--key', at('locked.key'), '--cert', at('user.pem'), '--key-password-file', at('password')],
    ],
  ])('by a key in %s verifies', async (_name, options) => {
    const file = document()
    const { code, out, err } = await kepctl(['sign', file, ...options, '--json'])
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({ signature: `${file}.p7s`, timestamped: false })
    expect(JSON.parse((await verify(`${file}.p7s`)).out)).toMatchObject([{ verdict: 'TOTAL-PASSED' }])
    writeFileSync(file, 'Sayın ilgisiz\n')
    expect(JSON.parse((await verify(`${file}.p7s`)).out)).toMatchObject([{ verdict: 'TOTAL-FAILED' }])
  })
  test('with a time-stamp, whose authority must be trusted', async () => {
    const file = document()
    const stamp = ['sign', file, ...p12, '--tsa', tsa.url]
    const refused = await kepctl([...stamp, '--tsa-trust', at('stranger.pem')])
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('UNTRUSTED')
    expect(existsSync(`${file}.p7s`)).toBe(false)
    expect(await kepctl([...stamp, '--tsa-trust', at('root.pem')])).toMatchObject({ code: 0 })
    expect(JSON.parse((await verify(`${file}.p7s`)).out)).toMatchObject([
      { verdict: 'TOTAL-PASSED', timestamps: [expect.anything()] },
    ])
  })
  test('is never written over another', async () => {
    const file = document()
    expect(await kepctl(['sign', file, ...p12])).toMatchObject({ code: 0 })
    const before = readFileSync(`${file}.p7s`)
    const again = await kepctl(['sign', file, ...p12, '--json'])
    expect([again.code, JSON.parse(again.err).error.code]).toEqual([1, 'EXISTS'])
    expect(readFileSync(`${file}.p7s`)).toEqual(before)
    expect(await kepctl(['sign', file, ...p12, '--out', at('other.p7s')])).toMatchObject({ code: 0 })
  })
})

describe('a signature with the file inside', () => {
  // Lengths at which the length of a length changes, and one of several pieces.
  test.each([0, 127, 128, 65_535, 65_536, 3_000_000])('of %i octets', async (size) => {
    const octets = Buffer.alloc(size, 'kep')
    const file = document(octets)
    expect(await kepctl(['sign', file, ...p12, '--attached'])).toMatchObject({ code: 0 })
    const seen: Uint8Array[] = []
    const reader = new OpaqueReader((piece) => seen.push(Uint8Array.from(piece)))
    reader.write(readFileSync(`${file}.p7m`))
    expect(reader.end()).toMatchObject({ signers: [{ ok: true, bes: true }] })
    expect(Buffer.concat(seen).equals(octets)).toBe(true)
  })
})

describe('what a verification makes of a file with its content inside', () => {
  test('the verdict, the type of the content, and the content itself, which is never written over', async () => {
    const file = document('Sayın ilgili, içeride\n')
    expect(await kepctl(['sign', file, ...p12, '--attached'])).toMatchObject({ code: 0 })
    const out = `${file}.out`
    const taken = await kepctl([
      ...['verify', `${file}.p7m`, '--trust', at('root.pem'), '--json', '--content-out', out],
    ])
    expect(taken.code).toBe(0)
    expect(JSON.parse(taken.out)).toMatchObject([
      {
        kind: 'signature',
        verdict: 'TOTAL-PASSED',
        content: { type: '1.2.840.113549.1.7.1', octets: readFileSync(file).length },
      },
    ])
    expect(readFileSync(out)).toEqual(readFileSync(file))
    const again = await kepctl(['verify', `${file}.p7m`, '--trust', at('root.pem'), '--content-out', out])
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining(out) })
  })

  test('nothing of what does not pass', async () => {
    const file = document('Sayın ilgili\n')
    expect(await kepctl(['sign', file, ...p12, '--attached'])).toMatchObject({ code: 0 })
    const changed = readFileSync(`${file}.p7m`)
    changed[changed.indexOf('ilgili')]! ^= 1
    writeFileSync(`${file}.bad.p7m`, changed)
    const options = ['--trust', at('root.pem'), '--content-out', `${file}.out`]
    expect((await kepctl(['verify', `${file}.bad.p7m`, ...options])).code).toBe(1)
    const stranger = ['--trust', at('stranger.pem'), '--content-out', `${file}.out`]
    expect((await kepctl(['verify', `${file}.p7m`, ...stranger])).code).toBe(1)
    expect(await kepctl(['verify', file, ...options, '--json'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('NO_CONTENT'),
    })
    expect(existsSync(`${file}.out`)).toBe(false)
  })

  test('a page for people, which is never written over', async () => {
    const file = document()
    expect(await kepctl(['sign', file, ...p12])).toMatchObject({ code: 0 })
    const report = ['verify', `${file}.p7s`, '--trust', at('root.pem'), '--report', `${file}.html`]
    expect(await kepctl(report)).toMatchObject({ code: 0 })
    const page = readFileSync(`${file}.html`, 'utf8')
    for (const told of [
      certificate.fingerprint,
      pki().root.certificate.fingerprint,
      hash('sha256', readFileSync(`${file}.p7s`)),
      hash('sha512', readFileSync(`${file}.p7s`)),
      'CAdES-BES',
    ])
      expect(page).toContain(told)
    expect(await kepctl(report)).toMatchObject({ code: 1, err: expect.stringContaining(`${file}.html`) })
    expect(readFileSync(`${file}.html`, 'utf8')).toBe(page)
  })
})

describe('refused', () => {
  const codeOf = async (...options: string[]) => {
    const { code, err } = await kepctl(['sign', document(), '--json', ...options])
    return [code, JSON.parse(err.split('\n')[0] ?? '').error.code]
  }
  test.each([
    ['no key', [], 2, 'USAGE'],
    ['two keys', [...p12, '--key', at('user.key')], 2, 'USAGE'],
    ['a key without certificate', ['--key', at('user.key')], 2, 'USAGE'],
    ['a token without a name', ['--pkcs11', '/x.so', '--key', 'k'], 2, 'USAGE'],
    ['a token without a key', ['--pkcs11', '/x.so', '--token', 't'], 2, 'USAGE'],
    ['an authority of no web', [...p12, '--tsa', 'ftp://x'], 2, 'USAGE'],
    ['a stamp that nobody judges', [...p12, '--tsa', 'http://x'], 2, 'USAGE'],
    [
      'a wrong password',
      ['--p12', at('user.p12'), '--p12-password-file', at('user.pem')],
      1,
      'WRONG_PASSWORD',
    ],
    ['another certificate', ['--key', at('user.key'), '--cert', at('root.pem')], 1, 'NO_CERTIFICATE'],
    [
      'a module that is not there',
      ['--pkcs11', '/nowhere.so', '--token', 't', '--key', 'k', '--pin-file', at('password')],
      1,
      'NO_MODULE',
    ],
  ] as const)('%s', async (_name, options, exit, code) =>
    expect(await codeOf('--data', folder.path, ...options)).toEqual([exit, code]),
  )
  test('in the language of the person', async () => {
    const ran = await kepctl(['sign', document(), '--p12', at('user.p12')], {
      stdin: 'yanlış\n',
      language: 'tr_TR.UTF-8',
    })
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain('anahtarın parolası yanlış')
    expect(ran.err).not.toContain('yanlış\n')
  })
})
