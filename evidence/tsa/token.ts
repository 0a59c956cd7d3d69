/**
 * Verifies a time-stamp token before anyone believes its time. [RFC 3161 §2.4.2] [RFC 3161 §2.3] [RFC 5816 §2.2]
 * Failure: TimestampError, nothing else.
 */
import { hash as digestOf } from 'node:crypto'
import { OID } from '../asn1/oid.ts'
import { readWhole } from '../asn1/reader.ts'
import { contextConstructed, TAG } from '../asn1/tag.ts'
import {
  integerHex,
  readBoolean,
  readIntegerOctets,
  readOid,
  readSmallInteger,
  readTime,
} from '../asn1/values.ts'
import { parseSignedData } from '../cms/signed-data.ts'
import { type CmsSigner, checkSigners, signersCertificate } from '../cms/verify.ts'
import type { Certificate, HashName, TimestampToken, TrustContext } from '../ports.ts'
import {
  type GeneralName,
  NAME_KIND,
  readAlternativeNames,
  readExtensions,
  readGeneralName,
} from '../x509/extensions.ts'
import { mayKeySign } from '../x509/for-signing.ts'
import { readName, sameName } from '../x509/name.ts'
import { validatePath } from '../x509/path.ts'
import { TimestampError } from './error.ts'
import { readImprint } from './request.ts'

export interface TokenExpectation {
  /** Digest of the data that the token is about, and its name. */
  readonly imprint: Uint8Array
  readonly hash: HashName
  /** `at`: when the chain must be valid; the token's own time when absent. */
  readonly trust: Omit<TrustContext, 'at'> & { readonly at?: Date | undefined }
  /** Content octets of the request's nonce; absent for tokens from an archive. */
  readonly nonce?: Uint8Array | undefined
  /** Dotted OIDs; any policy when absent. */
  readonly policies?: readonly string[] | undefined
}

/** The lists and responses that spoke for the TSA's chain stand beside the token, so that they can be archived with it. */
export interface VerifiedToken extends TimestampToken {
  readonly path: readonly Certificate[]
  readonly usedCrls: readonly Uint8Array[]
  readonly usedOcsps: readonly Uint8Array[]
  readonly revocation: 'checked' | 'not-checked'
  /** Milliseconds around `time` that the TSA vouches for; undefined where it says nothing. */
  readonly accuracyMs: number | undefined
}

/** Throws TimestampError. */
export function verifyToken(der: Uint8Array, expected: TokenExpectation): VerifiedToken {
  try {
    return verify(der, expected)
  } catch (error) {
    if (error instanceof TimestampError) throw error
    throw new TimestampError('MALFORMED', error instanceof Error ? error.message : 'unreadable', error)
  }
}

function verify(der: Uint8Array, expected: TokenExpectation): VerifiedToken {
  const data = parseSignedData(der)
  if (data.contentType !== OID.tstInfo || data.content === undefined)
    throw new TimestampError('MALFORMED', 'no TSTInfo inside')
  const content = data.content
  const info = readInfo(content)
  if (info.hash !== expected.hash || Buffer.compare(info.imprint, expected.imprint) !== 0)
    throw new TimestampError('IMPRINT_MISMATCH', 'the token is about other data')
  // A TSA that drops or changes our nonce may be replaying an old token. [RFC 3161 §2.4.2]
  if (
    expected.nonce !== undefined &&
    (info.nonce === undefined || Buffer.compare(info.nonce, expected.nonce) !== 0)
  )
    throw new TimestampError('NONCE_MISMATCH', info.nonce === undefined ? 'no nonce' : 'another nonce')
  if (expected.policies !== undefined && !expected.policies.includes(info.policy))
    throw new TimestampError('POLICY_MISMATCH', info.policy)

  const { signers } = checkSigners(
    data,
    (name) => digestOf(name, content, 'buffer'),
    expected.trust.intermediates,
  )
  const certificate = soleSigner(signers)
  if (info.authority !== undefined && !isNameOf(info.authority, certificate))
    throw new TimestampError('NOT_A_TSA', 'the token names another authority than its signer')
  const { trust } = expected
  const intermediates = [...data.certificates, ...trust.intermediates]
  const crls = [...trust.crls, ...data.crls]
  const path = validatePath(certificate, { ...trust, intermediates, crls, at: trust.at ?? info.time })
  if (!path.ok)
    throw new TimestampError('UNTRUSTED', `${path.failure} ${path.detail}`, undefined, undefined, path)
  return {
    der,
    time: info.time,
    serial: info.serial,
    policy: info.policy,
    certificate,
    path: path.path,
    usedCrls: path.usedCrls,
    usedOcsps: path.usedOcsps,
    revocation: path.revocation,
    accuracyMs: info.accuracyMs,
  }
}

/** What a token says of itself, and who seems to have made it, for who is shown a token that does not hold. Throws TimestampError, Asn1Error, CmsError. */
export function claimedToken(der: Uint8Array): {
  time: Date
  serial: string
  policy: string
  certificate: Certificate | undefined
} {
  const { content, signers, certificates } = parseSignedData(der)
  if (content === undefined) throw new TimestampError('MALFORMED', 'no TSTInfo inside')
  const { time, serial, policy } = readInfo(content)
  const [signer] = signers
  return {
    time,
    serial,
    policy,
    certificate: signer && signersCertificate(signer, certificates),
  }
}

/** Exactly one signature, bound to its certificate, by a key that does nothing but stamp. [RFC 3161 §2.3] */
function soleSigner(signers: readonly CmsSigner[]): Certificate {
  const [signer] = signers
  if (signer === undefined || signers.length !== 1)
    throw new TimestampError('BAD_SIGNATURE', `${signers.length} signatures`)
  if (!signer.ok) throw new TimestampError('BAD_SIGNATURE', signer.detail)
  if (!signer.essBound) throw new TimestampError('BAD_SIGNATURE', 'no signing-certificate attribute')
  const { certificate } = signer
  const purposes = certificate.extendedKeyUsage ?? []
  if (purposes.length !== 1 || purposes[0] !== OID.timeStamping || !certificate.extendedKeyUsageCritical)
    throw new TimestampError('NOT_A_TSA', 'extendedKeyUsage is not the sole and critical timeStamping')
  if (!mayKeySign(certificate)) throw new TimestampError('NOT_A_TSA', 'keyUsage')
  return certificate
}

/** The subject, or one of the alternative names. [RFC 3161 §2.4.2] */
const isNameOf = (name: GeneralName, { subject, extensions }: Certificate): boolean =>
  name.kind === NAME_KIND.directory
    ? sameName(readName(readWhole(name.octets, 'der', TAG.sequence)), subject)
    : readAlternativeNames(extensions).some(
        ({ kind, octets }) => kind === name.kind && Buffer.compare(octets, name.octets) === 0,
      )

/** TSTInfo. Extensions that are critical are unknown here, all of them; others, as qualified tokens have, say nothing we need. [RFC 3161 §2.4.2] */
function readInfo(content: Uint8Array): {
  policy: string
  hash: HashName | undefined
  imprint: Uint8Array
  serial: string
  time: Date
  accuracyMs: number | undefined
  nonce: Uint8Array | undefined
  authority: GeneralName | undefined
} {
  const parts = readWhole(content, 'der', TAG.sequence).open()
  if (readSmallInteger(parts.expect(TAG.integer)) !== 1)
    throw new TimestampError('MALFORMED', 'version of TSTInfo')
  const policy = readOid(parts.expect(TAG.oid))
  const { hash, imprint } = readImprint(parts.expect(TAG.sequence))
  const serial = integerHex(readIntegerOctets(parts.expect(TAG.integer)))
  const time = readTime(parts.expect(TAG.generalizedTime))
  const accuracy = parts.optional(TAG.sequence)
  const ordering = parts.optional(TAG.boolean)
  if (ordering !== undefined) readBoolean(ordering)
  const nonceField = parts.optional(TAG.integer)
  const nonce = nonceField === undefined ? undefined : readIntegerOctets(nonceField)
  const authority = parts.optional(contextConstructed(0))?.open()
  const extensions = parts.optional(contextConstructed(1))
  const critical = extensions && [...readExtensions(extensions)].find(([, { critical }]) => critical)
  if (critical !== undefined)
    throw new TimestampError('MALFORMED', `critical extension ${critical[0]} in TSTInfo`)
  parts.finish()
  return {
    policy,
    hash,
    imprint,
    serial,
    time,
    nonce,
    authority: authority && readGeneralName(authority.next()),
    accuracyMs: accuracy && readAccuracy(accuracy.open().rest(ACCURACY_FIELDS)),
  }
}

const ACCURACY_FIELDS = 3

/** Seconds, [0] milliseconds, [1] microseconds. [RFC 3161 §2.4.2] */
const readAccuracy = (fields: readonly { tag: number; content: Uint8Array }[]): number =>
  fields.reduce((sum, { tag, content }) => {
    const value = content.subarray(0, 4).reduce((number, octet) => number * 256 + octet, 0)
    return sum + value * (tag === TAG.integer ? 1000 : tag === 0x80 ? 1 : 0.001)
  }, 0)
