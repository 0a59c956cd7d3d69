/** Revocation lists and OCSP responses. */
import { Asn1Error } from '../../../evidence/asn1/error.ts'
import { OID } from '../../../evidence/asn1/oid.ts'
import { encode, integer, sequence, setOf, tagged, time } from '../../../evidence/asn1/writer.ts'
import { readCrl } from '../../../evidence/x509/crl.ts'
import { findRevocation } from '../../../evidence/x509/crl-entries.ts'
import { listStatus } from '../../../evidence/x509/crl-status.ts'
import { X509Error } from '../../../evidence/x509/error.ts'
import { extension } from '../../../evidence/x509/extensions.ts'
import { issueCrl } from '../../../evidence/x509/issue.ts'
import { type BasicResponse, nonceOf, readOcspResponse } from '../../../evidence/x509/ocsp-response.ts'
import { answerStatus } from '../../../evidence/x509/ocsp-status.ts'
import {
  crlDistributionPoints,
  deltaIndicator,
  directoryName,
  issuingDistributionPoint,
  uriName,
} from '../../../test/fakes/crl-parts.ts'
import {
  type Answer,
  answer,
  archiveCutoff,
  delegate,
  errorAnswer,
  nonceExtension,
} from '../../../test/fakes/ocsp-responder.ts'
import { daysFromNow, pki } from '../../../test/fakes/pki.ts'
import { Broken, codeOf, filled, shapeOf, type Target } from '../target.ts'

const at = new Date()
const POINT = uriName('http://a.example/liste.crl')
const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined
  return () => (made ??= make())
}
/** One that names its points, good in one list and revoked in another; the digest of what may call it good. */
const subject = once(
  () =>
    pki().issue(
      { kind: 'qualified' },
      { extensions: [crlDistributionPoints({ names: [POINT] })], crlUrl: null },
    ).certificate,
)
const speaksFor = new Set<string>()
const covered = (tbs: Uint8Array): string => Buffer.from(tbs).toString('base64')

const list = (revoked: Uint8Array | undefined, ...extensions: readonly Uint8Array[]): Uint8Array =>
  issueCrl({
    issuer: pki().intermediate,
    number: 7,
    thisUpdate: daysFromNow(-1),
    nextUpdate: daysFromNow(30),
    revoked: [
      { serial: Uint8Array.of(1), date: at, reason: 1 },
      ...(revoked === undefined ? [] : [{ serial: revoked, date: daysFromNow(-1), reason: 6 }]),
      { serial: Uint8Array.of(3), date: at, extensions: [extension('2.5.29.24', false, time(at))] },
    ],
    extensions,
  })

/** One that may answer. */
function signedList(...given: Parameters<typeof list>): Uint8Array {
  const made = list(...given)
  speaksFor.add(covered(readCrl(made).tbs))
  return made
}

export const crl: Target = {
  name: 'crl',
  kind: 'der',
  weight: 2,
  async seeds() {
    const serial = subject().serialBytes
    const scoped = issuingDistributionPoint({
      names: [POINT, directoryName(pki().root.certificate.subject.der)],
      users: true,
    })
    const lists = [
      signedList(undefined),
      signedList(serial),
      signedList(undefined, scoped),
      signedList(serial, deltaIndicator(3)),
      signedList(undefined, issuingDistributionPoint({ reasons: [1, 2], names: [POINT] })),
    ]
    for (const one of pki().crls) speaksFor.add(covered(readCrl(one).tbs))
    return [...lists, ...pki().crls]
  },
  run(input) {
    const octets = Uint8Array.from(input) // what was read is kept by the array
    const shape = (): string => {
      try {
        const read = readCrl(octets)
        findRevocation(read, subject().serialBytes)
        return String(read.unusable?.code)
      } catch (error) {
        if (error instanceof X509Error) return shapeOf(error.message)
        throw error
      }
    }
    const status = listStatus({
      certificate: subject(),
      issuer: pki().intermediate.certificate,
      at,
      crls: [octets],
    })
    if (status.status !== 'unknown' && !speaksFor.has(covered(readCrl(octets).tbs)))
      throw new Broken('a list that nobody signed answers')
    return `${status.status === 'unknown' ? `${status.code} ${shapeOf(status.detail)}` : status.status} ${shape()}`
  },
  growth: [
    { name: 'entries', make: (octets) => listOf(octets, () => sequence(integer(9), time(at))) },
    {
      name: 'marked entries',
      make: (octets) =>
        listOf(octets, () =>
          sequence(
            integer(9),
            time(at),
            sequence(extension(OID.reasonCode, true, encode(0x0a, Uint8Array.of(1)))),
          ),
        ),
    },
    { name: 'entries of nothing', make: (octets) => listOf(octets, () => sequence()) },
    {
      name: 'attributes of the issuer',
      make: (octets) => listOf(0, () => sequence(), sequence(filled(octets, setOf()))),
    },
    {
      name: 'addresses of deltas',
      make: (octets) =>
        signedList(
          undefined,
          extension(
            OID.freshestCrl,
            false,
            sequence(filled(octets, sequence(tagged(0, tagged(0, uriName('http://a.tr')))))),
          ),
        ),
    },
  ],
}

function listOf(
  octets: number,
  entry: () => Uint8Array,
  issuer = pki().intermediate.certificate.subject.der,
): Uint8Array {
  const one = entry()
  const entries = Buffer.alloc(octets - (octets % one.length), one)
  const algorithm = pki().intermediate.certificate.signatureAlgorithm
  const tbs = sequence(integer(1), algorithm, issuer, time(at), time(daysFromNow(9)), encode(0x30, entries))
  return sequence(tbs, algorithm, encode(3, Uint8Array.of(0, 1)))
}

const answers = new Set<string>()

const nonceLength = (basic: BasicResponse): string =>
  codeOf([Asn1Error], () => String(nonceOf(basic)?.length))

/** One that counts. */
function signedAnswer(given: Answer): Uint8Array {
  const made = answer(given)
  answers.add(covered(readOcspResponse(made).basic!.tbs))
  return made
}

export const ocsp: Target = {
  name: 'ocsp',
  kind: 'der',
  weight: 2,
  async seeds() {
    const issuer = pki().intermediate
    const responder = delegate(pki())
    const signer = { key: responder.key, certificate: responder.certificate }
    const certificate = pki().user.certificate
    const seeds = [
      signedAnswer({ issuer, singles: [{ certificate }] }),
      signedAnswer({
        issuer,
        singles: [{ certificate, status: { revoked: daysFromNow(-2), reason: 1 } }],
        byName: true,
      }),
      signedAnswer({
        issuer,
        signer,
        certificates: [responder.certificate],
        singles: [{ certificate }, { certificate: pki().tsa.certificate, status: 'unknown' }],
      }),
      signedAnswer({
        issuer,
        singles: [{ certificate, nextUpdate: undefined, extensions: [archiveCutoff(daysFromNow(-400))] }],
        extensions: [nonceExtension(new Uint8Array(32))],
      }),
    ]
    return [...seeds, errorAnswer(3)]
  },
  run(input) {
    const octets = Uint8Array.from(input)
    const question = {
      certificate: pki().user.certificate,
      issuer: pki().intermediate.certificate,
      at,
      crls: pki().crls,
    }
    const status = answerStatus(octets, question)
    if (status.status !== 'unknown' && !answers.has(covered(readOcspResponse(octets).basic!.tbs)))
      throw new Broken('an answer that nobody signed counts')
    const shape = codeOf([X509Error], () => {
      const { basic } = readOcspResponse(octets)
      return basic === undefined ? 'none' : `${basic.singles.length} ${nonceLength(basic)}`
    })
    return `${status.status === 'unknown' ? `${status.code} ${shapeOf(status.detail)}` : status.status} ${shape}`
  },
  growth: [
    {
      name: 'answers about others',
      octets: 5000,
      make: (octets) =>
        answer({
          issuer: pki().intermediate,
          singles: Array.from({ length: octets / 120 }, () => ({ certificate: pki().tsa.certificate })),
        }),
    },
    {
      name: 'a long nonce',
      octets: 5000,
      make: (octets) =>
        signedAnswer({
          issuer: pki().intermediate,
          singles: [{ certificate: pki().user.certificate }],
          extensions: [nonceExtension(new Uint8Array(octets))],
        }),
    },
  ],
}
