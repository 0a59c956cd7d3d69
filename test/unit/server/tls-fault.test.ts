import { expect, test } from 'vitest'
import { privateKeyPem } from '../../../evidence/keys/generate.ts'
import { toPem } from '../../../evidence/x509/certificate.ts'
import { tlsFault } from '../../../server/tls-fault.ts'
import { type Holder, pki } from '../../fakes/pki.ts'

const { tls, intermediate } = pki()
const rsa = pki().issue({ kind: 'tls', dns: ['localhost'], ip: [] }, { kind: 'rsa' })
const certificates = (...holders: Pick<Holder, 'certificate'>[]): string =>
  holders.map(({ certificate }) => toPem('CERTIFICATE', certificate.der)).join('')
const key = privateKeyPem(tls.key)

test.each([
  ['alone', certificates(tls)],
  ['before its issuer', certificates(tls, intermediate)],
])('the certificate of the key, %s, is taken', (_name, cert) => {
  expect(tlsFault({ key, cert })).toBeUndefined()
})

test.each([
  ['its issuer', certificates(intermediate, tls)],
  // OpenSSL keeps one pair for each kind of key, and says nothing of a half.
  ['one with a key of another kind', certificates(rsa, tls)],
  ['nothing', ''],
])('behind %s, what to do is told', (_name, cert) => {
  expect(tlsFault({ key, cert })).toMatch('put the certificate of the key first')
})

test('a key or certificates that nobody can read', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  expect(tlsFault({ key: 'no key', cert: certificates(tls) })).toMatch('TLS does not take it: MALFORMED')
  expect(tlsFault({ key, cert: certificates(tls) + broken })).toMatch('TLS does not take it')
})
