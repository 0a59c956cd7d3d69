import { hash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OpaqueReader } from '../../evidence/cms/opaque.ts'
import { signDetached, signEnclosed } from '../../evidence/cms/sign.ts'
import { type CmsReport, verifyDetached } from '../../evidence/cms/verify.ts'
import type { HashName } from '../../evidence/ports.ts'
import { HttpTimestamper } from '../../evidence/tsa/client.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { systemClock } from '../../mail/clock.ts'
import { type Holder, type KeyKind, pki } from '../fakes/pki.ts'
import { startTsa } from '../fakes/tsa.ts'
import { OpensslFolder } from './openssl.ts'

const content = Buffer.from('Content-Type: text/plain\r\n\r\nSayın ilgili\r\n')
const digestOf = (name: HashName): Uint8Array => hash(name, content, 'buffer')
const KINDS: readonly KeyKind[] = ['rsa', 'p256', 'p384', 'p521']
const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512']
const folder = new OpensslFolder()
const holders = new Map<KeyKind, Holder>()

beforeAll(() => {
  folder.write('content', content)
  folder.write('root.pem', toPem('CERTIFICATE', pki().root.certificate.der))
  folder.write('chain.pem', toPem('CERTIFICATE', pki().intermediate.certificate.der))
  for (const kind of KINDS) {
    const holder = pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { kind })
    holders.set(kind, holder)
    folder.write(`${kind}.pem`, toPem('CERTIFICATE', holder.certificate.der))
    folder.write(`${kind}.key`, holder.key.export({ format: 'pem', type: 'pkcs8' }))
  }
})
afterAll(() => folder[Symbol.dispose]())

const sign = (kind: KeyKind, md: string, ...more: readonly string[]): Buffer => {
  const key = ['-signer', `${kind}.pem`, '-inkey', `${kind}.key`, '-certfile', 'chain.pem']
  folder.run(
    'cms',
    '-sign',
    '-binary',
    '-in',
    'content',
    '-outform',
    'DER',
    '-out',
    'out',
    '-md',
    md,
    ...key,
    ...more,
  )
  return folder.read('out')
}

const readOpaque = (octets: Uint8Array, step: number): { report: CmsReport; seen: Buffer } => {
  const seen: Uint8Array[] = []
  const reader = new OpaqueReader((piece) => seen.push(Uint8Array.from(piece)))
  for (let at = 0; at < octets.length; at += step) reader.write(octets.subarray(at, at + step))
  return { report: reader.end(), seen: Buffer.concat(seen) }
}

describe('openssl signs, we verify', () => {
  const cases = KINDS.flatMap((kind) => HASHES.map((name) => ({ kind, name })))
  test.each(cases)('detached $kind $name', async ({ kind, name }) => {
    const { signers } = await verifyDetached(sign(kind, name), digestOf)
    expect(signers).toMatchObject([{ ok: true, hash: name, bes: false }])
  })
  test.each(HASHES)('detached RSA-PSS %s', async (name) => {
    const der = sign('rsa', name, '-keyopt', 'rsa_padding_mode:pss')
    expect((await verifyDetached(der, digestOf)).signers).toMatchObject([{ ok: true, algorithm: 'rsa-pss' }])
  })
  test('CAdES-BES', async () => {
    expect((await verifyDetached(sign('rsa', 'sha256', '-cades'), digestOf)).signers).toMatchObject([
      { ok: true, bes: true },
    ])
  })
  test('key identifier and two signers', async () => {
    const der = sign('p256', 'sha256', '-keyid', '-signer', 'rsa.pem', '-inkey', 'rsa.key')
    expect((await verifyDetached(der, digestOf)).signers.map(({ ok }) => ok)).toEqual([true, true])
  })
  test.each([
    { name: 'no attributes', more: ['-noattr'], md: 'sha256', failure: 'NO_SIGNED_ATTRIBUTES' },
    { name: 'no certificate', more: ['-nocerts'], md: 'sha256', failure: undefined },
    { name: 'SHA-1', more: [], md: 'sha1', failure: 'WEAK_DIGEST' },
    { name: 'content inside', more: ['-nodetach'], md: 'sha256', failure: 'CONTENT_PRESENT' },
  ])('refused: $name', async ({ more, md, failure }) => {
    const der = sign('rsa', md, ...more)
    if (failure !== undefined)
      expect((await verifyDetached(der, digestOf)).signers).toMatchObject([{ failure }])
    else {
      // The certificate is looked for elsewhere where the caller has one; -certfile keeps the chain inside.
      expect((await verifyDetached(der, digestOf)).signers).toMatchObject([{ failure: 'NO_CERTIFICATE' }])
      const own = holders.get('rsa')!.certificate
      expect((await verifyDetached(der, digestOf, [own])).signers).toMatchObject([{ ok: true }])
    }
  })

  const opaque = KINDS.flatMap((kind) =>
    [1, 3, 1000].flatMap((step) => [false, true].map((stream) => ({ kind, step, stream }))),
  )
  test.each(opaque)('opaque $kind in pieces of $step, streamed BER: $stream', ({ kind, step, stream }) => {
    const der = sign(kind, 'sha384', '-nodetach', ...(stream ? ['-stream', '-indef'] : []))
    const { report, seen } = readOpaque(der, step)
    expect(report.signers).toMatchObject([{ ok: true, hash: 'sha384' }])
    expect(seen).toEqual(content)
  })
  test('opaque BER of several segments', () => {
    const large = randomBytes(300_000)
    folder.write('content', large)
    const der = sign('p256', 'sha256', '-nodetach', '-stream')
    folder.write('content', content)
    const { report, seen } = readOpaque(der, 4099)
    expect(report.signers).toMatchObject([{ ok: true }])
    expect(seen.equals(large)).toBe(true)
  })
  test('a detached signature is no opaque message', () => {
    expect(readOpaque(sign('p256', 'sha256'), 7).report.signers).toMatchObject([
      { failure: 'CONTENT_MISSING' },
    ])
  })
})

describe('we sign, openssl verifies', () => {
  const cases = KINDS.flatMap((kind) =>
    HASHES.flatMap((name) => [false, true].map((pss) => ({ kind, name, pss }))),
  )
  test.each(cases.filter(({ kind, pss }) => kind === 'rsa' || !pss))(
    '$kind $name pss: $pss',
    async ({ kind, name, pss }) => {
      const { signer } = pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { kind, hash: name, pss })
      const der = await signDetached({ digest: digestOf(name), signer, signingTime: new Date() })
      expect((await verifyDetached(der, digestOf)).signers).toMatchObject([{ ok: true, bes: true }])
      folder.write(`${kind}.p7s`, der)
      const args = [
        '-inform',
        'DER',
        '-in',
        `${kind}.p7s`,
        '-content',
        'content',
        '-CAfile',
        'root.pem',
        '-out',
        'seen',
      ]
      folder.run('cms', '-verify', '-cades', '-binary', ...args)
      expect(folder.read('seen')).toEqual(content)
    },
  )
  test('EN 319 122-1 §5.3: with a signature time-stamp', async () => {
    await using tsa = await startTsa()
    const trust = () => pki().trust
    const timestamper = new HttpTimestamper({ urls: [tsa.url], trust, clock: systemClock, timeoutMs: 5000 })
    const { signer } = pki().provider
    const request = { digest: digestOf('sha256'), signer, signingTime: new Date(), timestamper }
    folder.write('stamped.p7s', await signDetached(request))
    timestamper.close()
    const args = [
      '-inform',
      'DER',
      '-in',
      'stamped.p7s',
      '-content',
      'content',
      '-CAfile',
      'root.pem',
      '-out',
      'seen',
    ]
    folder.run('cms', '-verify', '-cades', '-binary', ...args)
    const printed = folder.run('cms', '-cmsout', '-print', '-inform', 'DER', '-in', 'stamped.p7s')
    expect(printed).toContain('id-smime-aa-timeStampToken')
  })
  test('opaque', async () => {
    const { signer } = pki().user
    const der = await signEnclosed(content, { signer, signingTime: new Date() })
    folder.write('opaque.p7m', der)
    folder.run(
      'cms',
      '-verify',
      '-cades',
      '-binary',
      '-inform',
      'DER',
      '-in',
      'opaque.p7m',
      '-CAfile',
      'root.pem',
      '-out',
      'seen',
    )
    expect(folder.read('seen')).toEqual(content)
    expect(readOpaque(der, 11).report.signers).toMatchObject([{ ok: true, bes: true }])
  })
})
