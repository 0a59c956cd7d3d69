import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../../evidence/asn1/oid.ts'
import {
  integer,
  octetString,
  oid,
  retag,
  sequence,
  setOf,
  tagged,
} from '../../../../evidence/asn1/writer.ts'
import { signingCertificateAttribute } from '../../../../evidence/cms/ess.ts'
import { parseSignedData } from '../../../../evidence/cms/signed-data.ts'
import type { Signer } from '../../../../evidence/ports.ts'
import { TimestampError } from '../../../../evidence/tsa/error.ts'
import { buildTimestampRequest } from '../../../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../../../evidence/tsa/response.ts'
import { type TokenExpectation, verifyToken } from '../../../../evidence/tsa/token.ts'
import { digestIdentifier, signatureIdentifier } from '../../../../evidence/x509/algorithm.ts'
import { extension } from '../../../../evidence/x509/extensions.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { qualifiedStamp, tokenWith, unknownExtension } from '../../../fakes/crafted-token.ts'
import { daysFromNow, emptyCrl, makePki, pki } from '../../../fakes/pki.ts'
import { TSA_POLICY } from '../../../fakes/tsa.ts'

const imprint = hash('sha256', Buffer.from('data'), 'buffer')
const nonce = Uint8Array.of(9, 9)

const tokenBy = async (signer: Signer, at = new Date()): Promise<Uint8Array> => {
  const clock = { ...systemClock, now: () => at }
  const query = buildTimestampRequest({ imprint, hash: 'sha256', nonce, certificate: true })
  return tokenOfResponse(
    await answerTimestampQuery(query, { signer, policy: TSA_POLICY, serial: () => 3n, clock }),
  )
}
const codeOf = (der: Uint8Array, given: Partial<TokenExpectation> = {}): string => {
  try {
    verifyToken(der, { imprint, hash: 'sha256', nonce, trust: pki().trust, ...given })
    return 'none'
  } catch (error) {
    return error instanceof TimestampError ? error.code : `another error: ${String(error)}`
  }
}
const purposes = (critical: boolean, ...list: string[]) =>
  extension(OID.extendedKeyUsage, critical, sequence(...list.map(oid)))

describe('RFC 3161 §2.4.2: what makes a token believable', () => {
  const revoked = emptyCrl(pki().intermediate, [
    { serial: pki().tsa.certificate.serialBytes, date: daysFromNow(-2) },
  ])
  test.each<{ name: string; given: Partial<TokenExpectation>; code: string }>([
    { name: 'all as asked', given: {}, code: 'none' },
    { name: 'from an archive, no nonce known', given: { nonce: undefined }, code: 'none' },
    { name: 'policy allowed', given: { policies: ['1.2.3', TSA_POLICY] }, code: 'none' },
    { name: 'another nonce', given: { nonce: Uint8Array.of(9, 8) }, code: 'NONCE_MISMATCH' },
    {
      name: 'another imprint',
      given: { imprint: hash('sha256', Buffer.from('x'), 'buffer') },
      code: 'IMPRINT_MISMATCH',
    },
    { name: 'another digest', given: { hash: 'sha512' }, code: 'IMPRINT_MISMATCH' },
    { name: 'another policy', given: { policies: ['1.2.3'] }, code: 'POLICY_MISMATCH' },
    { name: 'a stranger', given: { trust: makePki().trust }, code: 'UNTRUSTED' },
    {
      name: 'revoked',
      given: { trust: { ...pki().trust, crls: [pki().crls[0]!, revoked] } },
      code: 'UNTRUSTED',
    },
    { name: 'no list', given: { trust: { ...pki().trust, crls: [] } }, code: 'UNTRUSTED' },
  ])('$name: $code', async ({ given, code }) =>
    expect(codeOf(await tokenBy(pki().tsa.signer), given)).toBe(code),
  )

  test.each([
    { name: 'no purpose', extensions: [] },
    { name: 'not critical', extensions: [purposes(false, OID.timeStamping)] },
    { name: 'not the sole one', extensions: [purposes(true, OID.timeStamping, OID.emailProtection)] },
    { name: 'another', extensions: [purposes(true, OID.emailProtection)] },
  ])('RFC 3161 §2.3: extendedKeyUsage $name', async ({ extensions }) => {
    expect(codeOf(await tokenBy(pki().issue({ kind: 'qualified' }, { extensions }).signer))).toBe('NOT_A_TSA')
  })
  test('RFC 5816 §2.2: a token without a signing-certificate attribute', async () => {
    const { signer } = pki().tsa
    const bound = signingCertificateAttribute(signer.certificate, 'sha256')
    const token = Buffer.from(await tokenBy(signer))
    const info = parseSignedData(token).content!
    const attributes = (...more: Uint8Array[]) =>
      setOf(
        sequence(oid(OID.contentType), setOf(oid(OID.tstInfo))),
        sequence(oid(OID.messageDigest), setOf(octetString(hash('sha256', info, 'buffer')))),
        ...more,
      )
    const wrap = async (signed: Uint8Array) => {
      const id = sequence(signer.certificate.issuer.der, integer(signer.certificate.serialBytes))
      const algorithms = [digestIdentifier('sha256'), signatureIdentifier('ecdsa', 'sha256')] as const
      const signature = octetString(await signer.sign(signed))
      const info1 = sequence(integer(1), id, algorithms[0], retag(0xa0, signed), algorithms[1], signature)
      const content = sequence(oid(OID.tstInfo), tagged(0, octetString(info)))
      const certificates = tagged(0, signer.certificate.der)
      const body = sequence(integer(3), setOf(algorithms[0]), content, certificates, setOf(info1))
      return sequence(oid(OID.signedData), tagged(0, body))
    }
    expect(codeOf(await wrap(attributes(bound)))).toBe('none')
    expect(codeOf(await wrap(attributes()))).toBe('BAD_SIGNATURE')
  })
  test('the chain is judged at the time of the token', async () => {
    const holder = pki().issue({ kind: 'tsa' }, { notBefore: daysFromNow(-10), notAfter: daysFromNow(-5) })
    const trust = { ...pki().trust, revocation: 'if-present' as const }
    expect(codeOf(await tokenBy(holder.signer, daysFromNow(-7)), { trust })).toBe('none')
    expect(codeOf(await tokenBy(holder.signer), { trust })).toBe('UNTRUSTED')
  })
  test.each([
    ['qualified', [qualifiedStamp()], 'none'],
    ['an unknown one', [unknownExtension(false)], 'none'],
    ['both', [qualifiedStamp(), unknownExtension(false)], 'none'],
    ['a critical one', [qualifiedStamp(), unknownExtension(true)], 'MALFORMED'],
    ['qualified, and critical', [qualifiedStamp(true)], 'MALFORMED'],
    ['one twice', [unknownExtension(false), unknownExtension(false)], 'MALFORMED'],
    ['none, and room for some', [], 'none'],
    ['what is none', [Buffer.from('020101', 'hex')], 'MALFORMED'],
  ])('RFC 3161 §2.4.2: extensions, %s', async (_name, extensions, code) =>
    expect(codeOf(await tokenWith(imprint, ...extensions), { nonce: undefined })).toBe(code),
  )
  test('garbage is malformed', () => expect(codeOf(Buffer.from('3003020101', 'hex'))).toBe('MALFORMED'))
})
