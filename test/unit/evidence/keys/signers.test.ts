import { generateKeyPairSync, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { KeyError } from '../../../../evidence/keys/error.ts'
import { keySigner } from '../../../../evidence/keys/key-signer.ts'
import { chainOf, signerFromPem } from '../../../../evidence/keys/pem.ts'
import { makePkcs12, readPkcs12, signerFromPkcs12 } from '../../../../evidence/keys/pkcs12.ts'
import { toPem } from '../../../../evidence/x509/certificate.ts'
import { pki } from '../../../fakes/pki.ts'

const { user, provider, intermediate, root } = pki()
const bundle = [root.certificate, intermediate.certificate, user.certificate]
const certificates = bundle.map(({ der }) => toPem('CERTIFICATE', der)).join('')
const plain = user.key.export({ format: 'pem', type: 'pkcs8' }).toString()
const locked = user.key
  .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'deneme' })
  .toString()
const codeOf = (act: () => unknown): string => {
  try {
    act()
    return 'none'
  } catch (error) {
    return error instanceof KeyError ? error.code : `another error: ${String(error)}`
  }
}

describe('signers', () => {
  test.each([
    {
      name: 'plain PEM',
      act: () => signerFromPem({ key: plain, certificates, hash: 'sha256' }),
      code: 'none',
    },
    {
      name: 'encrypted PEM',
      act: () => signerFromPem({ key: locked, certificates, hash: 'sha256', passphrase: 'deneme' }),
      code: 'none',
    },
    {
      name: 'wrong passphrase',
      act: () => signerFromPem({ key: locked, certificates, hash: 'sha256', passphrase: 'x' }),
      code: 'WRONG_PASSWORD',
    },
    {
      name: 'no passphrase',
      act: () => signerFromPem({ key: locked, certificates, hash: 'sha256' }),
      code: 'WRONG_PASSWORD',
    },
    {
      name: 'no key',
      act: () => signerFromPem({ key: 'x', certificates, hash: 'sha256' }),
      code: 'MALFORMED',
    },
    {
      name: 'no certificate of this key',
      act: () =>
        signerFromPem({
          key: plain,
          certificates: toPem('CERTIFICATE', provider.certificate.der),
          hash: 'sha256',
        }),
      code: 'NO_CERTIFICATE',
    },
    {
      name: 'certificate of another key',
      act: () => keySigner({ key: user.key, certificate: provider.certificate, chain: [], hash: 'sha256' }),
      code: 'KEY_MISMATCH',
    },
    {
      name: 'RSA-1024',
      act: () =>
        keySigner({
          key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
          certificate: provider.certificate,
          chain: [],
          hash: 'sha256',
        }),
      code: 'WEAK_KEY',
    },
    { name: 'garbage for PKCS#12', act: () => readPkcs12(Uint8Array.of(0x30, 0), 'x'), code: 'MALFORMED' },
  ])('$name: $code', ({ act, code }) => expect(codeOf(act)).toBe(code))

  test('of issuers of one name the one whose key signed is taken, wherever it stands', () => {
    const subject = { commonName: 'Deneme Alt Kök', organization: 'OpenKEP Deneme', country: 'TR' }
    const namesake = pki().issue({ kind: 'intermediate' }, { subject, issuer: root }).certificate
    expect(namesake.subject.text).toBe(intermediate.certificate.subject.text)
    const bag = [user.certificate, namesake, intermediate.certificate, root.certificate]
    expect(chainOf(user.certificate, bag)).toEqual([intermediate.certificate])
  })
  test('the chain goes upward and leaves the anchor out', () => {
    const signer = signerFromPem({ key: plain, certificates, hash: 'sha256' })
    expect([signer.certificate, ...signer.chain]).toEqual([user.certificate, intermediate.certificate])
  })
  test.each(['sha256', 'sha384', 'sha512'] as const)(
    'PSS salt is as long as the digest: %s',
    async (hash) => {
      const { key, certificate } = provider
      const signer = keySigner({ key, certificate, chain: [], hash, pss: true })
      const signature = await signer.sign(Buffer.from('x'))
      const saltLength = { sha256: 32, sha384: 48, sha512: 64 }[hash]
      expect(
        verify(hash, Buffer.from('x'), { key: certificate.publicKey, padding: 6, saltLength }, signature),
      ).toBe(true)
    },
  )
  test('RFC 7292: a file written is a file read', () => {
    const file = makePkcs12({
      key: user.key,
      certificates: bundle.toReversed(),
      password: 'Şifre',
      friendlyName: 'a',
    })
    const { certificate } = signerFromPkcs12(file, 'Şifre', { hash: 'sha256' })
    expect(certificate.fingerprint).toBe(user.certificate.fingerprint)
    expect(codeOf(() => readPkcs12(file, 'Sifre'))).toBe('WRONG_PASSWORD')
    for (const at of [0, 1, 40, 200, file.length - 70, file.length - 1]) {
      const bent = Uint8Array.from(file)
      bent[at]! ^= 1
      expect(['MALFORMED', 'WRONG_PASSWORD', 'UNSUPPORTED']).toContain(
        codeOf(() => readPkcs12(bent, 'Şifre')),
      )
    }
  })
})

describe('profiles of development certificates', () => {
  test('a person is found by number, not by address', () => {
    const { certificate } = pki().qualifiedUser
    expect(certificate.subject.serialNumber).toBe('10000000078')
    expect(certificate.emailAddresses).toEqual([])
    expect([...(certificate.keyUsage ?? [])]).toEqual(['nonRepudiation'])
    expect(certificate.extensions.has('1.3.6.1.5.5.7.1.3')).toBe(true)
  })
  test('the provider carries the address that it sends from', () => {
    expect(provider.certificate.emailAddresses).toEqual(['kep@hs98.kep.tr'])
    expect([...(provider.certificate.keyUsage ?? [])]).toEqual(['digitalSignature', 'nonRepudiation'])
    expect(provider.certificate.crlUrls).toEqual(['http://127.0.0.1/deneme.crl'])
  })
  test('names are text that cannot forge a line', () => {
    const { certificate } = pki().issue(
      { kind: 'qualified' },
      { subject: { commonName: 'A,O=Evil\nB', organization: '#x ' } },
    )
    expect(certificate.subject.text).toBe('CN=A\\,O\\=Evil\\0aB,O=\\#x\\ ')
  })
})
