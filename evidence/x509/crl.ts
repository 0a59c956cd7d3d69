/**
 * Certificate revocation lists, read lean: a list of 50 000 entries is scanned by offset and makes no object per
 * entry. [RFC 5280 §5] Direct lists only: one that speaks for other issuers is refused with its reason, because
 * half-understood it would answer "not revoked". [RFC 5280 §5.2.5] What a list says of a certificate: crl-status.ts.
 */
import { hash, type KeyObject } from 'node:crypto'
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { readWhole } from '../asn1/reader.ts'
import { contextConstructed, TAG } from '../asn1/tag.ts'
import { readIntegerOctets, readOctetAlignedBits, readSmallInteger, readTime } from '../asn1/values.ts'
import type { Extension, Name } from '../ports.ts'
import { verifySigned } from './algorithm.ts'
import { type Entries, type Unusable, walkEntries } from './crl-entries.ts'
import { type ListScope, readListScope } from './distribution-points.ts'
import { X509Error } from './error.ts'
import { readExtensions, readPointUrls } from './extensions.ts'
import { readName } from './name.ts'

/** The largest public lists have some 10 MiB. */
export const MAX_CRL_OCTETS = 32 * 1024 * 1024

export interface Crl extends Entries {
  readonly issuer: Name
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  /** Counts the lists of one scope. [RFC 5280 §5.2.3] */
  readonly number: bigint | undefined
  /** Of a delta list: the lowest number of the complete lists that it goes on from. [RFC 5280 §5.2.4] */
  readonly deltaBase: bigint | undefined
  /** undefined: all certificates of the issuer, all reasons. */
  readonly scope: ListScope | undefined
  /** The scope as written; base and delta have the same. */
  readonly scopeOctets: Uint8Array | undefined
  /** Where delta lists are. [RFC 5280 §5.2.6] */
  readonly freshestUrls: readonly string[]
  readonly tbs: Uint8Array
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  /** Why this list may not be used, or undefined. */
  readonly unusable: Unusable | undefined
}

/** Lists are read once for as long as the caller holds the same array: many paths ask the same list. */
const readings = new WeakMap<Uint8Array, Crl>()
/** list → digests of the keys under which its signature was checked, and the result. */
const checked = new WeakMap<Crl, Map<string, boolean>>()

const PEM = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/g

/** The lists of a file, in DER: those of a PEM text, or the one that it is. Throws X509Error where one cannot be read. */
export function crlsIn(file: Uint8Array): Uint8Array[] {
  const text = Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('latin1')
  const found = [...text.matchAll(PEM)].map(([, body]) => Buffer.from(body ?? '', 'base64'))
  const lists = found.length > 0 ? found : [file]
  for (const list of lists) readCrl(list)
  return lists
}

/** Throws X509Error. The octets must not be changed afterwards. */
export function readCrl(der: Uint8Array): Crl {
  const known = readings.get(der)
  if (known !== undefined) return known
  try {
    const crl = read(der)
    readings.set(der, crl)
    return crl
  } catch (error) {
    throw new X509Error('MALFORMED_CRL', error)
  }
}

/** Whether this key signed the list, with an algorithm that counts. */
export function isSignedBy(crl: Crl, key: KeyObject, spki: Uint8Array): boolean {
  const results = checked.get(crl) ?? new Map<string, boolean>()
  checked.set(crl, results)
  const id = hash('sha256', spki, 'hex')
  const known = results.get(id)
  if (known !== undefined) return known
  let valid: boolean
  try {
    valid = verifySigned(crl, key) === 'valid'
  } catch {
    valid = false // an AlgorithmIdentifier that cannot be read signs nothing
  }
  results.set(id, valid)
  return valid
}

function read(der: Uint8Array): Crl {
  if (der.length > MAX_CRL_OCTETS) throw new Asn1Error('BAD_LENGTH', `${der.length} octets`)
  const outer = readWhole(der, 'der', TAG.sequence).open()
  const tbs = outer.expect(TAG.sequence)
  const signatureAlgorithm = outer.expect(TAG.sequence).octets
  const signature = readOctetAlignedBits(outer.expect(TAG.bitString))
  outer.finish()

  const parts = tbs.open()
  const version = parts.optional(TAG.integer)
  if (version !== undefined && readSmallInteger(version) !== 1) throw new Asn1Error('BAD_VALUE', 'version')
  if (Buffer.compare(parts.expect(TAG.sequence).octets, signatureAlgorithm) !== 0)
    throw new Asn1Error('BAD_VALUE', 'two signature algorithms')
  const issuer = readName(parts.expect(TAG.sequence))
  const thisUpdate = readTime(parts.next())
  const next = parts.peek()
  const nextUpdate = next === TAG.utcTime || next === TAG.generalizedTime ? readTime(parts.next()) : undefined
  const entries = parts.optional(TAG.sequence)
  const wrapper = parts.optional(contextConstructed(0))?.open()
  const extensions: Extensions =
    wrapper === undefined ? new Map() : readExtensions(wrapper.expect(TAG.sequence))
  wrapper?.finish()
  parts.finish()
  const scope = readListScope(extensions, issuer)
  const odd = entries && walkEntries(entries)

  return {
    der,
    issuer,
    thisUpdate,
    nextUpdate,
    number: readNumber(extensions, OID.crlNumber),
    deltaBase: readNumber(extensions, OID.deltaCrlIndicator),
    scope,
    scopeOctets: extensions.get(OID.issuingDistributionPoint)?.value,
    freshestUrls: readPointUrls(extensions, OID.freshestCrl),
    tbs: tbs.octets,
    signatureAlgorithm,
    signature,
    unusable: whyUnusable(extensions, scope) ?? odd,
    entriesStart: entries?.contentStart ?? 0,
    entriesEnd: entries?.contentEnd ?? 0,
  }
}

type Extensions = ReadonlyMap<string, Extension>

const PROCESSED: ReadonlySet<string> = new Set([
  OID.issuingDistributionPoint,
  OID.deltaCrlIndicator,
  OID.crlNumber,
  OID.authorityKeyIdentifier,
])

function whyUnusable(extensions: Extensions, scope: ListScope | undefined): Unusable | undefined {
  if (scope?.indirect === true) return { code: 'CRL_INDIRECT', detail: 'a list for several issuers' }
  const unknown = [...extensions].find(([id, { critical }]) => critical && !PROCESSED.has(id))
  return unknown && { code: 'CRL_EXTENSION', detail: `critical extension ${unknown[0]}` }
}

/** At most 20 octets, not negative. [RFC 5280 §5.2.3] */
function readNumber(extensions: Extensions, id: string): bigint | undefined {
  const value = extensions.get(id)?.value
  if (value === undefined) return undefined
  const octets = readIntegerOctets(readWhole(value, 'der', TAG.integer))
  if (octets.length > 20 || octets[0]! >= 0x80) throw new Asn1Error('BAD_VALUE', 'list number')
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`)
}
