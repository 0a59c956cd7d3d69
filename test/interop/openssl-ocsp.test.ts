import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import type { Certificate } from '../../evidence/ports.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { buildOcspRequest, makeNonce } from '../../evidence/x509/ocsp-request.ts'
import { nonceOf, readOcspResponse } from '../../evidence/x509/ocsp-response.ts'
import { validatePath } from '../../evidence/x509/path.ts'
import { answer, delegate, nonceExtension, readOcspRequest } from '../fakes/ocsp-responder.ts'
import { daysFromNow, pki } from '../fakes/pki.ts'
import { OpensslFolder } from './openssl.ts'

const folder = new OpensslFolder()
const made = pki()
const { intermediate, root } = made
const responder = delegate(made)
const issue = (name: string) =>
  made.issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { subject: { commonName: name } }).certificate
const [good, revoked, stranger] = ['good', 'revoked', 'stranger'].map(issue) as [
  Certificate,
  Certificate,
  Certificate,
]

const indexTime = (date: Date): string => `${date.toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`
const serialOf = ({ serialBytes }: Certificate): string =>
  Buffer.from(serialBytes).toString('hex').toUpperCase()

beforeAll(() => {
  folder.write('root.pem', toPem('CERTIFICATE', root.certificate.der))
  folder.write('ca.pem', toPem('CERTIFICATE', intermediate.certificate.der))
  folder.write('ca.key', privateKeyPem(intermediate.key))
  folder.write('responder.pem', toPem('CERTIFICATE', responder.certificate.der))
  folder.write('responder.key', privateKeyPem(responder.key))
  const until = indexTime(good.notAfter)
  const lines = [
    `V\t${until}\t\t${serialOf(good)}\tunknown\t/CN=good`,
    `R\t${until}\t${indexTime(daysFromNow(-2))},keyCompromise\t${serialOf(revoked)}\tunknown\t/CN=revoked`,
  ]
  folder.write('index.txt', `${lines.join('\n')}\n`)
})
afterAll(() => folder[Symbol.dispose]())

const ask = (certificate: Certificate, hash: 'sha1' | 'sha256', signer: 'ca' | 'responder') => {
  const nonce = makeNonce()
  folder.write(
    'request.der',
    buildOcspRequest({ certificate, issuer: intermediate.certificate, hash, nonce }),
  )
  const by = ['-rsigner', `${signer}.pem`, '-rkey', `${signer}.key`, '-CA', 'ca.pem', '-ndays', '1']
  folder.run('ocsp', '-index', 'index.txt', ...by, '-reqin', 'request.der', '-respout', 'response.der')
  return { nonce, der: Uint8Array.from(folder.read('response.der')) }
}
const judge = (certificate: Certificate, ocsp: Uint8Array): string => {
  const result = validatePath(certificate, {
    ...made.trust,
    crls: [made.crls[0]!],
    ocsps: [ocsp],
    at: new Date(),
    revocation: 'require',
    freshness: { answeredSince: daysFromNow(0) },
  })
  return result.ok ? 'good' : `${result.failure} ${result.detail}`
}

describe('openssl ocsp answers what we ask', () => {
  test.each([
    ['ca', 'sha1'],
    ['ca', 'sha256'],
    ['responder', 'sha1'],
    ['responder', 'sha256'],
  ] as const)('signed by %s, named by %s', (signer, hash) => {
    const { der, nonce } = ask(good, hash, signer)
    expect(judge(good, der)).toBe('good')
    expect(Buffer.compare(nonceOf(readOcspResponse(der).basic!)!, nonce)).toBe(0)
    expect(judge(revoked, ask(revoked, hash, signer).der)).toMatch(/^REVOKED/)
    expect(judge(stranger, ask(stranger, hash, signer).der)).toMatch(/OCSP_UNKNOWN/)
    expect(judge(revoked, der)).toMatch(/OCSP_OTHER_CERTIFICATE/)
  })
  test('its reading of our request', () => {
    const nonce = makeNonce()
    const given = { certificate: good, issuer: intermediate.certificate, hash: 'sha1', nonce } as const
    folder.write('request.der', buildOcspRequest(given))
    const text = folder.run('ocsp', '-reqin', 'request.der', '-req_text')
    expect(text).toContain('Hash Algorithm: sha1')
    expect(text).toContain(serialOf(good))
    expect(text).toContain('OCSP Nonce')
  })
  test('a request that it makes is the one that we make', () => {
    folder.write('good.pem', toPem('CERTIFICATE', good.der))
    folder.run('ocsp', '-issuer', 'ca.pem', '-cert', 'good.pem', '-no_nonce', '-reqout', 'theirs.der')
    const given = { certificate: good, issuer: intermediate.certificate, hash: 'sha1' } as const
    const ours = buildOcspRequest({ ...given, nonce: undefined })
    expect(Buffer.compare(folder.read('theirs.der'), ours)).toBe(0)
    expect(Buffer.compare(readOcspRequest(ours).serial, good.serialBytes)).toBe(0)
  })
})

describe('openssl ocsp verifies what our responder says', () => {
  const verify = (der: Uint8Array, certificate: Certificate): string => {
    folder.write('ours.der', der)
    folder.write('leaf.pem', toPem('CERTIFICATE', certificate.der))
    const trust = ['-CAfile', 'root.pem', '-verify_other', 'ca.pem', '-issuer', 'ca.pem']
    return folder.run('ocsp', '-respin', 'ours.der', ...trust, '-cert', 'leaf.pem', '-no_nonce')
  }
  test.each([
    ['the issuer by key', {}],
    ['the issuer by name', { byName: true }],
    ['a delegate', { signer: responder, certificates: [responder.certificate] }],
  ])('%s', (_name, more) => {
    const nonce = [nonceExtension(makeNonce())]
    const der = answer({ issuer: intermediate, singles: [{ certificate: good }], extensions: nonce, ...more })
    expect(verify(der, good)).toMatch(/leaf\.pem: good/)
    const status = { revoked: daysFromNow(-3), reason: 1 }
    const bad = answer({ issuer: intermediate, singles: [{ certificate: revoked, status }], ...more })
    expect(verify(bad, revoked)).toMatch(/leaf\.pem: revoked[\s\S]*keyCompromise/)
  })
})
