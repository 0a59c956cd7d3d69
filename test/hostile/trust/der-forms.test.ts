/** Octets that are no DER, at each door that reads some: each refuses in its own words, and none in another's. [X.690 §10] */
import { describe, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import {
  encode,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
  utf8String,
} from '../../../evidence/asn1/writer.ts'
import { OpaqueReader } from '../../../evidence/cms/opaque.ts'
import { verifyDetached } from '../../../evidence/cms/verify.ts'
import { KeyError } from '../../../evidence/keys/error.ts'
import { readPkcs12 } from '../../../evidence/keys/pkcs12.ts'
import { TimestampError } from '../../../evidence/tsa/error.ts'
import { answerTimestampQuery } from '../../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../../evidence/tsa/response.ts'
import { verifyToken } from '../../../evidence/tsa/token.ts'
import { parseCertificate } from '../../../evidence/x509/certificate.ts'
import { readCrl } from '../../../evidence/x509/crl.ts'
import { X509Error } from '../../../evidence/x509/error.ts'
import { extension } from '../../../evidence/x509/extensions.ts'
import { readOcspResponse } from '../../../evidence/x509/ocsp-response.ts'
import { systemClock } from '../../../mail/clock.ts'
import { craft, digestOf } from '../../fakes/crafted-cms.ts'
import { answer } from '../../fakes/ocsp-responder.ts'
import { pki } from '../../fakes/pki.ts'
import { resigned } from '../../fakes/resigned.ts'
import { TSA_POLICY } from '../../fakes/tsa.ts'

const codeOf = (act: () => unknown): string => {
  try {
    act()
    return 'read'
  } catch (error) {
    const known = [X509Error, TimestampError, KeyError].some((one) => error instanceof one)
    return known && error instanceof Error && 'code' in error
      ? String(error.code)
      : `another error: ${String(error)}`
  }
}
const opaque = (octets: Uint8Array): string => {
  const reader = new OpaqueReader(() => {})
  reader.write(octets)
  return reader.end().signers[0]?.failure ?? 'read'
}
const { trust } = pki()
const imprint = new Uint8Array(32)
const authority = { signer: pki().tsa.signer, policy: TSA_POLICY, serial: () => 1n, clock: systemClock }

const DOORS: ReadonlyMap<string, (octets: Uint8Array) => string | Promise<string>> = new Map<
  string,
  (octets: Uint8Array) => string | Promise<string>
>([
  ['MALFORMED_CERTIFICATE', (octets) => codeOf(() => parseCertificate(octets))],
  ['MALFORMED_CRL', (octets) => codeOf(() => readCrl(octets))],
  ['MALFORMED_OCSP', (octets) => codeOf(() => readOcspResponse(octets))],
  [
    'MALFORMED (token)',
    (octets) =>
      codeOf(() => verifyToken(octets, { imprint, hash: 'sha256', trust })).replace(/$/, ' (token)'),
  ],
  ['MALFORMED (response)', (octets) => codeOf(() => tokenOfResponse(octets)).replace(/$/, ' (response)')],
  [
    'MALFORMED (file of keys)',
    (octets) => codeOf(() => readPkcs12(octets, 'x')).replace(/$/, ' (file of keys)'),
  ],
  [
    'MALFORMED (detached)',
    async (octets) => `${(await verifyDetached(octets, digestOf)).signers[0]?.failure} (detached)`,
  ],
  ['MALFORMED (opaque)', (octets) => `${opaque(octets)} (opaque)`],
  [
    'REJECTED badDataFormat',
    async (octets) => {
      const answered = await answerTimestampQuery(octets, authority)
      try {
        tokenOfResponse(answered)
        return 'stamped'
      } catch (error) {
        return error instanceof TimestampError
          ? error.message.replace(/: status 2| the query.*/g, '')
          : String(error)
      }
    },
  ],
])

let nested: Uint8Array = integer(1)
for (let level = 0; level < 5000; level++) nested = sequence(nested)

describe.each([...DOORS])('%s', (code, door) => {
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['one octet', Uint8Array.of(0x30)],
    ['a gigabyte declared', Buffer.from('3084400000003003020101', 'hex')],
    ['more than can be counted declared', Buffer.from('3088ffffffffffffffff3003020101', 'hex')],
    ['a length of 126 octets', Buffer.concat([Buffer.from('30fe', 'hex'), Buffer.alloc(126, 1)])],
    ['no length', Buffer.from('3080020101', 'hex')],
    ['nested five thousand times', nested],
    ['nested without lengths', Buffer.alloc(200_000, '3080', 'hex')],
    ['a high tag number', Buffer.from('3f8f7f0302010100', 'hex')],
    ['an empty SEQUENCE', Buffer.from('3000', 'hex')],
    ['text', Buffer.from('-----BEGIN')],
    ['a megabyte of zeros', Buffer.alloc(1_000_000)],
  ])('%s', async (_name, octets) => {
    expect(await door(octets)).toBe(code)
  })
})

describe('a certificate', () => {
  const { key } = pki().intermediate
  const good = pki().user.certificate.der
  const [SERIAL, VALIDITY, SUBJECT, EXTENSIONS] = [1, 4, 5, 7]
  const bent = (at: number, part: Uint8Array) => () =>
    parseCertificate(resigned(good, { key, bend: (parts) => parts.with(at, part) }))
  const dates = (notAfter: string) =>
    sequence(encode(0x17, Buffer.from('260101000000Z')), encode(0x17, Buffer.from(notAfter)))
  const name = (value: Uint8Array) => sequence(setOf(sequence(oid(OID.commonName), value)))
  const extensions = (...list: Uint8Array[]) => tagged(3, sequence(...list))
  test('as it is', () => expect(codeOf(bent(SERIAL, integer(5)))).toBe('read'))
  test.each<[string, () => unknown]>([
    ['a serial number with a zero too many', bent(SERIAL, encode(2, Uint8Array.of(0, 5)))],
    ['a serial number of no octets', bent(SERIAL, encode(2))],
    ['a serial number of forty octets', bent(SERIAL, encode(2, new Uint8Array(40).fill(1)))],
    ['a day that is none', bent(VALIDITY, dates('270231000000Z'))],
    ['a time zone', bent(VALIDITY, dates('270101000000+0300'))],
    ['text that is no UTF-8', bent(SUBJECT, name(encode(0x0c, Uint8Array.of(0xc0, 0x80))))],
    ['half a character', bent(SUBJECT, name(encode(0x1e, Uint8Array.of(0, 65, 0))))],
    [
      'a name of a hundred attributes',
      bent(
        SUBJECT,
        sequence(...Array.from({ length: 100 }, () => setOf(sequence(oid(OID.commonName), utf8String('a'))))),
      ),
    ],
    [
      'an extension twice',
      bent(
        EXTENSIONS,
        extensions(extension('1.2.3', false, integer(1)), extension('1.2.3', false, integer(1))),
      ),
    ],
    [
      'a BOOLEAN that is neither',
      bent(
        EXTENSIONS,
        extensions(sequence(oid('1.2.3'), encode(1, Uint8Array.of(1)), octetString(integer(1)))),
      ),
    ],
    [
      'basicConstraints in BER',
      bent(
        EXTENSIONS,
        extensions(extension(OID.basicConstraints, true, Buffer.from('30800101ff0000', 'hex'))),
      ),
    ],
    [
      'pathLen below zero',
      bent(
        EXTENSIONS,
        extensions(extension(OID.basicConstraints, true, Buffer.from('30060101ff0201ff', 'hex'))),
      ),
    ],
    [
      'two signature algorithms',
      () =>
        parseCertificate(
          Buffer.from(
            Buffer.from(good).toString('hex').replace('2a8648ce3d040302', '2a8648ce3d040303'),
            'hex',
          ),
        ),
    ],
    ['octets behind it', () => parseCertificate(Buffer.concat([good, Uint8Array.of(0)]))],
    [
      'signature bits that are no octets',
      () => {
        const { tbs, signatureAlgorithm, signature } = parseCertificate(good)
        return parseCertificate(sequence(tbs, signatureAlgorithm, encode(3, Uint8Array.of(1), signature)))
      },
    ],
  ])('%s: MALFORMED_CERTIFICATE', (_name, act) => expect(codeOf(act)).toBe('MALFORMED_CERTIFICATE'))
})

test('octets behind what is whole', async () => {
  const more = (octets: Uint8Array) => Buffer.concat([octets, Uint8Array.of(5, 0)])
  const response = answer({ issuer: pki().intermediate, singles: [{ certificate: pki().user.certificate }] })
  expect(codeOf(() => readCrl(more(pki().crls[0]!)))).toBe('MALFORMED_CRL')
  expect(codeOf(() => readOcspResponse(more(response)))).toBe('MALFORMED_OCSP')
  expect((await verifyDetached(more(await craft()), digestOf)).signers[0]?.failure).toBe('MALFORMED')
})
