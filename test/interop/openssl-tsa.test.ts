import { hash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HashName } from '../../evidence/ports.ts'
import { buildTimestampRequest } from '../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../evidence/tsa/response.ts'
import { verifyToken } from '../../evidence/tsa/token.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { systemClock } from '../../mail/clock.ts'
import { qualifiedStamp, tokenWith, unknownExtension } from '../fakes/crafted-token.ts'
import { type KeyKind, pki } from '../fakes/pki.ts'
import { TSA_POLICY } from '../fakes/tsa.ts'
import { OpensslFolder } from './openssl.ts'

const folder = new OpensslFolder()
const content = randomBytes(1000)
const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512']
const { trust } = pki()

beforeAll(() => {
  folder.write('content', content)
  folder.write('root.pem', toPem('CERTIFICATE', pki().root.certificate.der))
  folder.write('chain.pem', toPem('CERTIFICATE', pki().intermediate.certificate.der))
})
afterAll(() => folder[Symbol.dispose]())

test.each([
  ['qualified', [qualifiedStamp()]],
  ['with an extension that nobody knows', [unknownExtension(false)]],
])('a token %s holds for both', async (_name, extensions) => {
  const imprint = hash('sha256', content, 'buffer')
  const token = await tokenWith(imprint, ...extensions)
  folder.write('token', token)
  const roots = ['-CAfile', 'root.pem', '-untrusted', 'chain.pem']
  expect(folder.run('ts', '-verify', '-in', 'token', '-token_in', '-data', 'content', ...roots)).toContain(
    'OK',
  )
  expect(verifyToken(token, { imprint, hash: 'sha256', trust }).policy).toBe(TSA_POLICY)
})

describe('openssl asks, our TSA answers, openssl verifies', () => {
  const kinds: readonly KeyKind[] = ['rsa', 'p256', 'p384']
  test.each(kinds.flatMap((kind) => HASHES.map((name) => ({ kind, name }))))(
    '$kind $name',
    async ({ kind, name }) => {
      const { signer } = pki().issue({ kind: 'tsa' }, { kind, hash: name })
      folder.run('ts', '-query', '-data', 'content', `-${name}`, '-cert', '-out', 'query')
      const authority = { signer, policy: TSA_POLICY, serial: () => 7n, clock: systemClock }
      const response = await answerTimestampQuery(folder.read('query'), authority)
      folder.write('reply', response)
      const roots = ['-CAfile', 'root.pem', '-untrusted', 'chain.pem']
      expect(folder.run('ts', '-verify', '-queryfile', 'query', '-in', 'reply', ...roots)).toContain('OK')
      expect(folder.run('ts', '-reply', '-in', 'reply', '-text')).toContain('Status: Granted')
      const imprint = hash(name, content, 'buffer')
      expect(verifyToken(tokenOfResponse(response), { imprint, hash: name, trust }).policy).toBe(TSA_POLICY)
    },
  )
  test('without -cert the certificate stays out, and is found elsewhere', async () => {
    folder.run('ts', '-query', '-data', 'content', '-sha256', '-out', 'query')
    const authority = { signer: pki().tsa.signer, policy: TSA_POLICY, serial: () => 7n, clock: systemClock }
    const token = tokenOfResponse(await answerTimestampQuery(folder.read('query'), authority))
    const imprint = hash('sha256', content, 'buffer')
    expect(() => verifyToken(token, { imprint, hash: 'sha256', trust })).toThrow('BAD_SIGNATURE')
    const intermediates = [...trust.intermediates, pki().tsa.certificate]
    expect(verifyToken(token, { imprint, hash: 'sha256', trust: { ...trust, intermediates } }).serial).toBe(
      '7',
    )
  })
  test('SHA-1 is rejected as badAlg', async () => {
    folder.run('ts', '-query', '-data', 'content', '-sha1', '-out', 'query')
    const authority = { signer: pki().tsa.signer, policy: TSA_POLICY, serial: () => 7n, clock: systemClock }
    const response = await answerTimestampQuery(folder.read('query'), authority)
    folder.write('reply', response)
    expect(folder.run('ts', '-reply', '-in', 'reply', '-text')).toContain(
      'unrecognized or unsupported algorithm',
    )
    expect(() => tokenOfResponse(response)).toThrow(/REJECTED.*badAlg/)
  })
})

describe('we ask, the TSA of openssl answers, we verify', () => {
  test.each(['sha1', 'sha256', 'sha512'])('signing certificate identified by %s', (ess) => {
    const tsa = pki().issue({ kind: 'tsa' }, { kind: 'rsa' })
    folder.write('tsa.pem', toPem('CERTIFICATE', tsa.certificate.der))
    folder.write('tsa.key', tsa.key.export({ format: 'pem', type: 'pkcs8' }))
    folder.write('serial', '0A')
    folder.write(
      'tsa.cnf',
      [
        '[tsa]',
        'default_tsa = one',
        '[one]',
        'serial = serial',
        'crypto_device = builtin',
        'signer_cert = tsa.pem',
      ]
        .concat([
          'certs = chain.pem',
          'signer_key = tsa.key',
          'signer_digest = sha256',
          `default_policy = ${TSA_POLICY}`,
        ])
        .concat([
          'digests = sha256, sha384, sha512',
          'accuracy = secs:1, millisecs:500',
          'ordering = yes',
          'tsa_name = yes',
        ])
        .concat(['ess_cert_id_chain = no', `ess_cert_id_alg = ${ess}`])
        .join('\n'),
    )
    const imprint = hash('sha256', content, 'buffer')
    const nonce = Uint8Array.of(0x12, 0x34, 0x56)
    folder.write('ours', buildTimestampRequest({ imprint, hash: 'sha256', nonce, certificate: true }))
    folder.run('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'ours', '-out', 'theirs')
    const token = verifyToken(tokenOfResponse(folder.read('theirs')), {
      imprint,
      hash: 'sha256',
      nonce,
      trust,
    })
    expect(token).toMatchObject({ policy: TSA_POLICY, accuracyMs: 1500, revocation: 'checked' })
  })
})
