/** Tokens that say other than they seem to. [RFC 3161 §2.4.2] Wrong purposes and nonces: test/unit/evidence/tsa/token.test.ts. */
import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import {
  encode,
  generalizedTime,
  integer,
  octetString,
  oid,
  sequence,
  tagged,
} from '../../../evidence/asn1/writer.ts'
import { signingCertificateAttribute } from '../../../evidence/cms/ess.ts'
import { signEnclosed } from '../../../evidence/cms/sign.ts'
import { TimestampError } from '../../../evidence/tsa/error.ts'
import { buildTimestampRequest } from '../../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../../evidence/tsa/response.ts'
import { verifyToken } from '../../../evidence/tsa/token.ts'
import { digestIdentifier } from '../../../evidence/x509/algorithm.ts'
import { extension } from '../../../evidence/x509/extensions.ts'
import { systemClock } from '../../../mail/clock.ts'
import { contentType, frame, messageDigest, signerInfo } from '../../fakes/crafted-cms.ts'
import { makePki, pki } from '../../fakes/pki.ts'
import { TSA_POLICY } from '../../fakes/tsa.ts'

const imprint = new Uint8Array(32).fill(9)
const nonce = Uint8Array.of(7)
const { signer } = pki().tsa
const codeOf = (token: () => Uint8Array): string => {
  try {
    verifyToken(token(), { imprint, hash: 'sha256', nonce, trust: pki().trust })
    return 'none'
  } catch (error) {
    return error instanceof TimestampError ? error.code : `another error: ${String(error)}`
  }
}

const VERSION = 0
const TIME = 4
const info = (bend: (parts: readonly Uint8Array[]) => readonly Uint8Array[] = (parts) => parts): Uint8Array =>
  sequence(
    ...bend([
      integer(1),
      oid(TSA_POLICY),
      sequence(digestIdentifier('sha256'), octetString(imprint)),
      integer(5),
      generalizedTime(new Date()),
      integer(nonce),
    ]),
  )
const stamped = (content: Uint8Array, by = signer, type: string = OID.tstInfo) =>
  signEnclosed(content, { contentType: type, signer: by, signingTime: new Date() })

describe('a token', () => {
  test.each<[string, () => Promise<Uint8Array>, string]>([
    ['as it is', () => stamped(info()), 'none'],
    ['of another version', () => stamped(info((parts) => parts.with(VERSION, integer(2)))), 'MALFORMED'],
    [
      'with a local time',
      () => stamped(info((parts) => parts.with(TIME, encode(0x18, Buffer.from('20260101000000'))))),
      'MALFORMED',
    ],
    [
      'with a time in two digits',
      () => stamped(info((parts) => parts.with(TIME, encode(0x17, Buffer.from('260101000000Z'))))),
      'MALFORMED',
    ],
    [
      'with an extension that nobody knows',
      () => stamped(info((parts) => [...parts, tagged(1, extension('1.2.3', true, integer(1)))])),
      'MALFORMED',
    ],
    ['with octets behind', () => stamped(Buffer.concat([info(), Uint8Array.of(0)])), 'MALFORMED'],
    ['two nonces', () => stamped(info((parts) => [...parts, integer(nonce)])), 'MALFORMED'],
    [
      'the nonce of another query, as in an answer that is replayed',
      () => stamped(info((parts) => [...parts.slice(0, -1), integer(8)])),
      'NONCE_MISMATCH',
    ],
    ['no nonce', () => stamped(info((parts) => parts.slice(0, -1))), 'NONCE_MISMATCH'],
    [
      'the name of its authority',
      () => stamped(info((parts) => [...parts, tagged(0, tagged(4, signer.certificate.subject.der))])),
      'none',
    ],
    [
      'the name of another authority',
      () => stamped(info((parts) => [...parts, tagged(0, tagged(4, pki().root.certificate.subject.der))])),
      'NOT_A_TSA',
    ],
    ['called data', () => stamped(info(), signer, OID.data), 'MALFORMED'],
    ['of a user', () => stamped(info(), pki().user.signer), 'NOT_A_TSA'],
    [
      'of the CA itself',
      async () => stamped(info(), { ...signer, certificate: pki().intermediate.certificate }),
      'BAD_SIGNATURE',
    ],
    ['of an authority of strangers', () => stamped(info(), makePki().tsa.signer), 'UNTRUSTED'],
    ['empty', () => stamped(new Uint8Array()), 'MALFORMED'],
  ])('%s: %s', async (_name, make, expected) => {
    const token = await make()
    expect(codeOf(() => token)).toBe(expected)
  })
  test('of two signers, one of them an authority: BAD_SIGNATURE', async () => {
    const content = info()
    const digest = hash('sha256', content, 'buffer')
    const by = (one: typeof signer) =>
      signerInfo({
        by: one,
        attributes: [
          contentType(OID.tstInfo),
          messageDigest(digest),
          signingCertificateAttribute(one.certificate, 'sha256'),
        ],
      })
    const infos = [await by(signer), await by(pki().user.signer)]
    const certificates = [
      signer.certificate.der,
      pki().user.certificate.der,
      pki().intermediate.certificate.der,
    ]
    const given = { type: OID.tstInfo, enclosed: content, certificates }
    expect(codeOf(() => frame([infos[0]!], given))).toBe('none')
    expect(codeOf(() => frame(infos, given))).toBe('BAD_SIGNATURE')
  })
  test('an answer about another query is no answer', async () => {
    const authority = { signer, policy: TSA_POLICY, serial: () => 1n, clock: systemClock }
    const ask = (mine: Uint8Array, about = imprint) =>
      answerTimestampQuery(
        buildTimestampRequest({ imprint: about, hash: 'sha256', nonce: mine, certificate: true }),
        authority,
      )
    const [own, replayed, other] = [
      await ask(nonce),
      await ask(Uint8Array.of(6)),
      await ask(nonce, new Uint8Array(32)),
    ]
    expect(codeOf(() => tokenOfResponse(own))).toBe('none')
    expect(codeOf(() => tokenOfResponse(replayed))).toBe('NONCE_MISMATCH')
    expect(codeOf(() => tokenOfResponse(other))).toBe('IMPRINT_MISMATCH')
  })
})
