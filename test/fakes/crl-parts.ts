/** Extensions of lists and of the certificates that name them. [RFC 5280 §5.2] */
import { OID } from '../../evidence/asn1/oid.ts'
import {
  integer,
  namedBits,
  oid,
  retag,
  sequence,
  tagged,
  taggedPrimitive,
} from '../../evidence/asn1/writer.ts'
import { extension } from '../../evidence/x509/extensions.ts'

const TRUE = Uint8Array.of(0xff)

export const uriName = (url: string): Uint8Array => taggedPrimitive(6, Buffer.from(url, 'latin1'))
export const directoryName = (name: Uint8Array): Uint8Array => tagged(4, name)

/** DistributionPointName with full names. */
export const fullName = (...names: readonly Uint8Array[]): Uint8Array => tagged(0, tagged(0, ...names))

/** By bit: keyCompromise 1 … aACompromise 8. */
const reasonFlags = (tag: number, reasons: readonly number[]): Uint8Array =>
  retag(0x80 | tag, namedBits(reasons))

export interface Scope {
  readonly names?: readonly Uint8Array[]
  /** A DistributionPointName already encoded, in place of names. */
  readonly point?: Uint8Array
  readonly users?: boolean
  readonly authorities?: boolean
  readonly reasons?: readonly number[]
  readonly indirect?: boolean
  readonly attributes?: boolean
}

export const issuingDistributionPoint = (scope: Scope): Uint8Array =>
  extension(
    OID.issuingDistributionPoint,
    true,
    sequence(
      ...(scope.point === undefined ? [] : [scope.point]),
      ...(scope.names === undefined ? [] : [fullName(...scope.names)]),
      ...(scope.users === true ? [taggedPrimitive(1, TRUE)] : []),
      ...(scope.authorities === true ? [taggedPrimitive(2, TRUE)] : []),
      ...(scope.reasons === undefined ? [] : [reasonFlags(3, scope.reasons)]),
      ...(scope.indirect === true ? [taggedPrimitive(4, TRUE)] : []),
      ...(scope.attributes === true ? [taggedPrimitive(5, TRUE)] : []),
    ),
  )

export interface Point {
  readonly names: readonly Uint8Array[]
  readonly reasons?: readonly number[]
  /** GeneralName of who signs the list. */
  readonly issuer?: Uint8Array
}

export const crlDistributionPoints = (...points: readonly Point[]): Uint8Array =>
  extension(
    OID.crlDistributionPoints,
    false,
    sequence(
      ...points.map(({ names, reasons, issuer }) =>
        sequence(
          fullName(...names),
          ...(reasons === undefined ? [] : [reasonFlags(1, reasons)]),
          ...(issuer === undefined ? [] : [tagged(2, issuer)]),
        ),
      ),
    ),
  )

export const deltaIndicator = (base: number): Uint8Array =>
  extension(OID.deltaCrlIndicator, true, integer(base))

/** AuthorityInfoAccess. [RFC 5280 §4.2.2.1] */
export const authorityInfoAccess = (given: { ocsp?: string; issuers?: string }): Uint8Array =>
  extension(
    OID.authorityInfoAccess,
    false,
    sequence(
      ...(given.ocsp === undefined ? [] : [sequence(oid(OID.accessOcsp), uriName(given.ocsp))]),
      ...(given.issuers === undefined ? [] : [sequence(oid(OID.accessCaIssuers), uriName(given.issuers))]),
    ),
  )

export const freshestCrl = (url: string): Uint8Array =>
  extension(OID.freshestCrl, false, sequence(sequence(fullName(uriName(url)))))
