/**
 * A copy of evidence that carries by what it is judged: XAdES B-LT. Certificates and revocation data stand behind the
 * signature time-stamp, and every octet before and after them is the original's. [EN 319 132-1 §5.4] [EN 319 132-1 §5.5.1]
 */

import type { Certificate } from '../ports.ts'
import { claimedToken } from '../tsa/token.ts'
import { verifyEvidence } from '../verify/evidence.ts'
import { worst } from '../verify/reasons.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { sameName } from '../x509/name.ts'
import { validatePath } from '../x509/path.ts'
import { XADES, XADES141 } from '../xades/algorithms.ts'
import { readSignature } from '../xades/read-signature.ts'
import { MAX_XML_OCTETS, parseXml } from '../xml/parse.ts'
import { evidenceRestsOn, type RestsOn } from './rests-on.ts'

/** DER. */
export interface LongTermMaterial {
  readonly certificates: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  readonly ocsps: readonly Uint8Array[]
}

export type LongTermFailure =
  /** No evidence, or without a time-stamp, or with such data already. */
  | 'NOT_EXTENSIBLE'
  /** What was kept does not suffice: somebody told nothing in time. */
  | 'MATERIAL_INCOMPLETE'
  | 'TOO_LARGE'

export class LongTermError extends Error {
  override readonly name = 'LongTermError'
  readonly code: LongTermFailure

  constructor(code: LongTermFailure, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options)
    this.code = code
  }
}

/**
 * Takes of the material what this evidence rests on, and no more. Nobody is believed here: whoever verifies the copy judges
 * it by anchors of their own.
 *
 * @throws LongTermError
 */
export function composeLongTerm(octets: Uint8Array, material: LongTermMaterial): Uint8Array {
  const { rests, at } = restsOf(octets)
  const pool = material.certificates.map(parseCertificate)
  const anchors = topmost(pool)
  const used = rests.map((rest) => valuesFor(rest, { ...material, pool, anchors, at }))
  const place = behindTimestamp(octets)
  const signer = merged(used.filter((_, index) => rests[index]?.role === 'signer'))
  const tsa = without(merged(used.filter((_, index) => rests[index]?.role === 'tsa')), signer)
  const inserted = Buffer.from(valuesXml(signer) + stampXml(tsa))
  if (octets.length + inserted.length > MAX_XML_OCTETS)
    throw new LongTermError('TOO_LARGE', `over ${MAX_XML_OCTETS} octets`)
  const copy = Buffer.concat([octets.subarray(0, place), inserted, octets.subarray(place)])
  const options = { anchors, intermediates: [], crls: [], revocation: 'require', now: at } as const
  const finding = worst(verifyEvidence(copy, options).findings)
  if (finding !== undefined)
    throw new LongTermError('MATERIAL_INCOMPLETE', `the copy alone says ${finding.reason}`)
  return copy
}

/** What must be judged, and as of when. */
function restsOf(octets: Uint8Array): { rests: readonly RestsOn[]; at: Date } {
  try {
    const { timestamp, values } = readSignature(parseXml(octets))
    if (timestamp === undefined) throw new RangeError('there is no time-stamp')
    if (values.certificates.length + values.crls.length + values.ocsps.length > 0)
      throw new RangeError('there is validation data already')
    return { rests: evidenceRestsOn(octets), at: claimedToken(timestamp.der).time }
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'unreadable'
    throw new LongTermError('NOT_EXTENSIBLE', detail, { cause })
  }
}

/** Those that nobody else in the pool has issued: paths were kept up to their anchors. */
const topmost = (pool: readonly Certificate[]): Certificate[] =>
  pool.filter(
    (one) => one.isSelfIssued || !pool.some((other) => other !== one && sameName(other.subject, one.issuer)),
  )

interface Known extends LongTermMaterial {
  readonly pool: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  readonly at: Date
}

function valuesFor({ certificate, beside }: RestsOn, known: Known): LongTermMaterial {
  const { anchors, pool, at, crls, ocsps } = known
  const intermediates = [...beside, ...pool]
  const path = validatePath(certificate, { anchors, intermediates, at, crls, ocsps, revocation: 'require' })
  if (!path.ok) throw new LongTermError('MATERIAL_INCOMPLETE', `${path.failure} ${path.detail}`)
  const brought = new Set(beside.map(({ fingerprint }) => fingerprint))
  const further = path.path.filter(({ fingerprint }) => !brought.has(fingerprint))
  return {
    certificates: (further.length === 0 ? path.path : further).map(({ der }) => der),
    crls: path.usedCrls,
    ocsps: path.usedOcsps,
  }
}

const merged = (all: readonly LongTermMaterial[]): LongTermMaterial => ({
  certificates: distinct(all.flatMap(({ certificates }) => certificates)),
  crls: distinct(all.flatMap(({ crls }) => crls)),
  ocsps: distinct(all.flatMap(({ ocsps }) => ocsps)),
})

const base64 = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64')

const distinct = (list: readonly Uint8Array[]): Uint8Array[] => [
  ...new Map(list.map((octets) => [base64(octets), octets])).values(),
]

/** One value counts for the signer and for the time-stamp alike, wherever it stands. */
const without = (all: LongTermMaterial, there: LongTermMaterial): LongTermMaterial => {
  const rest = (list: readonly Uint8Array[], known: readonly Uint8Array[]): Uint8Array[] =>
    list.filter((octets) => !known.some((other) => Buffer.compare(octets, other) === 0))
  return {
    certificates: rest(all.certificates, there.certificates),
    crls: rest(all.crls, there.crls),
    ocsps: rest(all.ocsps, there.ocsps),
  }
}

/** The end of the only SignatureTimeStamp, in octets; the copy is read again after, so that this decides nothing. */
function behindTimestamp(octets: Uint8Array): number {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1')
  const ends = [...text.matchAll(/<\/(?:[A-Za-z_][\w.-]*:)?SignatureTimeStamp[ \t\r\n]*>/g)]
  const [end] = ends
  if (end === undefined || ends.length !== 1)
    throw new LongTermError('NOT_EXTENSIBLE', 'the time-stamp has no plain end')
  return end.index + end[0].length
}

const each = (tag: string, list: readonly Uint8Array[]): string =>
  list.map((octets) => `<xades:${tag}>${base64(octets)}</xades:${tag}>`).join('')

const filled = (tag: string, inside: string, declared = ''): string =>
  inside === '' ? '' : `<${tag}${declared}>${inside}</${tag}>`

function valuesXml({ certificates, crls, ocsps }: LongTermMaterial): string {
  const declared = ` xmlns:xades="${XADES}"`
  const revocations =
    filled('xades:CRLValues', each('EncapsulatedCRLValue', crls)) +
    filled('xades:OCSPValues', each('EncapsulatedOCSPValue', ocsps))
  return (
    filled('xades:CertificateValues', each('EncapsulatedX509Certificate', certificates), declared) +
    filled('xades:RevocationValues', revocations, declared)
  )
}

const stampXml = (values: LongTermMaterial): string =>
  filled('xades141:TimeStampValidationData', valuesXml(values), ` xmlns:xades141="${XADES141}"`)
