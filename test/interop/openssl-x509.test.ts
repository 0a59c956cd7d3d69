import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signerFromPem } from '../../evidence/keys/pem.ts'
import { makePkcs12, readPkcs12, signerFromPkcs12 } from '../../evidence/keys/pkcs12.ts'
import { parsePemCertificates, toPem } from '../../evidence/x509/certificate.ts'
import { readCrl } from '../../evidence/x509/crl.ts'
import { findRevocation } from '../../evidence/x509/crl-entries.ts'
import { validatePath } from '../../evidence/x509/path.ts'
import { emptyCrl, pki } from '../fakes/pki.ts'
import { OpensslFolder } from './openssl.ts'

const folder = new OpensslFolder()
const made = pki()

beforeAll(() => {
  folder.write('root.pem', toPem('CERTIFICATE', made.root.certificate.der))
  folder.write('chain.pem', toPem('CERTIFICATE', made.intermediate.certificate.der))
})
afterAll(() => folder[Symbol.dispose]())

describe('openssl reads what we issue', () => {
  const profiles = ['provider', 'tsa', 'user', 'qualifiedUser', 'tls'] as const
  test.each(profiles)('%s verifies with its lists', (name) => {
    folder.write('leaf.pem', toPem('CERTIFICATE', made[name].certificate.der))
    folder.write('crls.pem', made.crls.map((crl) => toPem('X509 CRL', crl)).join(''))
    const trust = ['-CAfile', 'root.pem', '-untrusted', 'chain.pem', '-CRLfile', 'crls.pem', '-crl_check_all']
    expect(folder.run('verify', '-x509_strict', ...trust, 'leaf.pem')).toContain('OK')
  })
  test('purposes and names', () => {
    folder.write('leaf.pem', toPem('CERTIFICATE', made.tls.certificate.der))
    const text = folder.run('x509', '-in', 'leaf.pem', '-noout', '-text')
    expect(text).toContain('DNS:localhost, DNS:hs98.kep.tr, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    expect(text).toContain('URI:http://127.0.0.1/deneme.crl')
  })
  test('a list with an entry', () => {
    const serial = made.user.certificate.serialBytes
    const crl = emptyCrl(made.intermediate, [{ serial, date: new Date() }])
    folder.write('list.pem', toPem('X509 CRL', crl))
    const text = folder.run('crl', '-in', 'list.pem', '-noout', '-text', '-CAfile', 'chain.pem')
    expect(text.replaceAll(':', '').toLowerCase()).toContain(Buffer.from(serial).toString('hex'))
    folder.write('leaf.pem', toPem('CERTIFICATE', made.user.certificate.der))
    const lists = [toPem('X509 CRL', crl), toPem('X509 CRL', made.crls[0]!)].join('')
    folder.write('crls.pem', lists)
    const trust = ['-CAfile', 'root.pem', '-untrusted', 'chain.pem', '-CRLfile', 'crls.pem', '-crl_check_all']
    expect(() => folder.run('verify', ...trust, 'leaf.pem')).toThrow(/revoked/)
  })
})

describe('we read what openssl makes', () => {
  test('a CA, a leaf and a list with an entry', () => {
    const subject = ['-subj', '/C=TR/O=Örnek/CN=OpenSSL Kök', '-utf8']
    folder.run(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      ...subject,
    )
    const request = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'leaf.key']
    folder.run('req', ...request, '-out', 'leaf.csr', '-subj', '/CN=Leaf')
    folder.write('index.txt', '')
    folder.write('ser', '01')
    folder.write('crlno', '01')
    const settings = [
      '[ca]',
      'default_ca = a',
      '[a]',
      'database = index.txt',
      'serial = ser',
      'crlnumber = crlno',
    ]
    const more = [
      'new_certs_dir = .',
      'default_md = sha256',
      'policy = p',
      'default_days = 30',
      'default_crl_days = 5',
    ]
    folder.write('ca.cnf', [...settings, ...more, '[p]', 'commonName = supplied', ''].join('\n'))
    const ca = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key']
    folder.run('ca', '-batch', ...ca, '-in', 'leaf.csr', '-out', 'leaf.pem', '-notext')
    folder.run('ca', ...ca, '-gencrl', '-out', 'empty.pem')
    folder.run('ca', ...ca, '-revoke', 'leaf.pem', '-crl_reason', 'keyCompromise')
    folder.run('ca', ...ca, '-gencrl', '-out', 'list.pem')
    const [anchor] = parsePemCertificates(folder.read('ca.pem').toString())
    const [leaf] = parsePemCertificates(folder.read('leaf.pem').toString())
    expect(anchor!.subject.text).toBe('CN=OpenSSL Kök,O=Örnek,C=TR')
    const list = (name: string): Buffer => {
      folder.run('crl', '-in', name, '-outform', 'DER', '-out', 'list.der')
      return folder.read('list.der')
    }
    const context = { anchors: [anchor!], intermediates: [], at: new Date(), revocation: 'require' as const }
    expect(validatePath(leaf!, { ...context, crls: [list('empty.pem')] })).toMatchObject({
      ok: true,
      revocation: 'checked',
    })
    const revoking = list('list.pem')
    expect(findRevocation(readCrl(revoking), leaf!.serialBytes)).toMatchObject({ reason: 1 })
    expect(validatePath(leaf!, { ...context, crls: [revoking] })).toMatchObject({
      ok: false,
      failure: 'REVOKED',
    })
  })
})

describe('PKCS#12', () => {
  const passwords = ['deneme', 'Şifre-ğüİ', '']
  test.each(passwords)('openssl reads ours: %j', (password) => {
    const { key, certificate } = made.user
    const certificates = [certificate, made.intermediate.certificate]
    folder.write('ours.p12', makePkcs12({ key, certificates, password, friendlyName: 'Ayşe Işık' }))
    const text = folder.run('pkcs12', '-in', 'ours.p12', '-nodes', '-passin', `pass:${password}`)
    const signer = signerFromPem({ key: text, certificates: text, hash: 'sha256' })
    expect(signer.certificate.fingerprint).toBe(certificate.fingerprint)
    expect(signer.chain.map(({ fingerprint }) => fingerprint)).toEqual([
      made.intermediate.certificate.fingerprint,
    ])
  })
  test.each(passwords)('we read the one of openssl: %j', async (password) => {
    folder.write('user.pem', toPem('CERTIFICATE', made.provider.certificate.der))
    folder.write('user.key', made.provider.key.export({ format: 'pem', type: 'pkcs8' }))
    const out = ['-out', 'theirs.p12', '-passout', `pass:${password}`]
    folder.run('pkcs12', '-export', '-in', 'user.pem', '-inkey', 'user.key', '-certfile', 'chain.pem', ...out)
    const signer = signerFromPkcs12(folder.read('theirs.p12'), password, { hash: 'sha256' })
    expect(signer.certificate.fingerprint).toBe(made.provider.certificate.fingerprint)
    expect((await signer.sign(Buffer.from('x'))).length).toBe(256)
    expect(() => readPkcs12(folder.read('theirs.p12'), `${password}x`)).toThrow('WRONG_PASSWORD')
  })
  test.each([
    ['PBE-SHA1-3DES', 'PBE-SHA1-RC2-40'],
    ['PBE-SHA1-RC2-40', 'PBE-SHA1-RC2-128'],
    ['PBE-SHA1-RC2-128', 'PBE-SHA1-2DES'],
    ['PBE-SHA1-2DES', 'NONE'],
    ['AES-256-CBC', 'PBE-SHA1-3DES'],
  ])('we read old ones, and say so: key %s, certificates %s', (keyCipher, certificateCipher) => {
    const { certificate, key } = made.user
    folder.write('user.pem', toPem('CERTIFICATE', certificate.der))
    folder.write('user.key', key.export({ format: 'pem', type: 'pkcs8' }))
    const protection = [
      '-keypbe',
      keyCipher,
      '-certpbe',
      certificateCipher,
      '-macalg',
      'sha1',
      '-iter',
      '5000',
    ]
    const out = ['-out', 'old.p12', '-passout', 'pass:Şifre-ğüİ']
    folder.run('pkcs12', '-export', '-legacy', '-in', 'user.pem', '-inkey', 'user.key', ...protection, ...out)
    let told = 0
    const signer = signerFromPkcs12(folder.read('old.p12'), 'Şifre-ğüİ', {
      hash: 'sha256',
      onWeak: () => told++,
    })
    expect([signer.certificate.fingerprint, told]).toEqual([certificate.fingerprint, 1])
    expect(() => readPkcs12(folder.read('old.p12'), 'Şifre-ğü')).toThrow('WRONG_PASSWORD')
  })
})
