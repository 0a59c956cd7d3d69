/**
 * Which certificates, and which reasons, a list speaks of: the points that a certificate names and the scope that a
 * partitioned list gives itself. [RFC 5280 §4.2.1.13] [RFC 5280 §5.2.5] Failure: Asn1Error.
 */
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { type Element, readWhole } from '../asn1/reader.ts'
import { contextConstructed, contextPrimitive, TAG } from '../asn1/tag.ts'
import { readBoolean, readNamedBits } from '../asn1/values.ts'
import { encode, sequence } from '../asn1/writer.ts'
import type { Certificate, Extension, Name } from '../ports.ts'
import { NAME_KIND } from './extensions.ts'
import { foldedRelativeNames } from './name.ts'

/** Bits 1 to 8; bit 0 is unused. [RFC 5280 §4.2.1.13] */
export const ALL_REASONS = 0b1_1111_1110

/** Real certificates name one to three points. */
const MAX_POINTS = 32
/** Of one point; each is compared with each of a list. */
const MAX_NAMES = 64

export interface DistributionPoint {
  /** Comparable texts; see `readPointName`. */
  readonly names: ReadonlySet<string>
  readonly reasons: number
}

export interface ListScope {
  /** undefined: every point. */
  readonly names: ReadonlySet<string> | undefined
  readonly onlyUsers: boolean
  readonly onlyAuthorities: boolean
  readonly onlyAttributes: boolean
  readonly reasons: number
  readonly indirect: boolean
}

/**
 * The points whose lists the certificate's own issuer signs; those of another issuer are left out. Last comes the one that
 * every certificate has: the issuer's name, all reasons. [RFC 5280 §6.3.3]
 */
export function distributionPoints({ extensions, issuer }: Certificate): DistributionPoint[] {
  const implied = { names: new Set([directory(issuer.der)]), reasons: ALL_REASONS }
  const value = extensions.get(OID.crlDistributionPoints)?.value
  if (value === undefined) return [implied]
  const found: DistributionPoint[] = []
  for (const item of readWhole(value, 'der', TAG.sequence).open()) {
    if (found.length === MAX_POINTS) throw new Asn1Error('BAD_VALUE', `over ${MAX_POINTS} points`)
    const parts = item.open()
    const name = parts.optional(contextConstructed(0))
    const reasons = parts.optional(contextPrimitive(1))
    const otherIssuer = parts.optional(contextConstructed(2))
    parts.finish()
    if (otherIssuer !== undefined || name === undefined) continue
    found.push({ names: readPointName(name, issuer), reasons: maskOf(reasons) })
  }
  return [...found, implied]
}

/** @param issuer of the list, to which names may be relative */
export function readListScope(
  extensions: ReadonlyMap<string, Extension>,
  issuer: Name,
): ListScope | undefined {
  const value = extensions.get(OID.issuingDistributionPoint)?.value
  if (value === undefined) return undefined
  const parts = readWhole(value, 'der', TAG.sequence).open()
  const name = parts.optional(contextConstructed(0))
  const flag = (number: number): boolean => {
    const element = parts.optional(contextPrimitive(number))
    return element !== undefined && readBoolean(element)
  }
  const [onlyUsers, onlyAuthorities] = [flag(1), flag(2)]
  const reasons = parts.optional(contextPrimitive(3))
  const [indirect, onlyAttributes] = [flag(4), flag(5)]
  parts.finish()
  if (Number(onlyUsers) + Number(onlyAuthorities) + Number(onlyAttributes) > 1)
    throw new Asn1Error('BAD_VALUE', 'a scope that excludes everything')
  return {
    names: name && readPointName(name, issuer),
    onlyUsers,
    onlyAuthorities,
    onlyAttributes,
    reasons: maskOf(reasons),
    indirect,
  }
}

/** For which reasons a list of this scope answers for the certificate; 0: it does not. [RFC 5280 §6.3.3 (b), (d)] */
export function coveredReasons(certificate: Certificate, scope: ListScope | undefined): number {
  if (scope === undefined) return ALL_REASONS
  const { names } = scope
  if (scope.onlyAttributes || (certificate.isCa ? scope.onlyUsers : scope.onlyAuthorities)) return 0
  if (names === undefined) return scope.reasons
  return distributionPoints(certificate)
    .filter((point) => !names.isDisjointFrom(point.names))
    .reduce((mask, { reasons }) => mask | (reasons & scope.reasons), 0)
}

/** DistributionPointName: full names, or one relative to the issuer. Directory names compare folded, others by octet. */
function readPointName(wrapper: Element, issuer: Name): ReadonlySet<string> {
  const parts = wrapper.open()
  const choice = parts.next()
  parts.finish()
  if (choice.tag === contextConstructed(1)) {
    const own = foldedRelativeNames(sequence(encode(TAG.set, choice.content)))
    return new Set([joined([...foldedRelativeNames(issuer.der), ...own])])
  }
  if (choice.tag !== contextConstructed(0)) throw new Asn1Error('UNEXPECTED_TAG', 'distributionPoint')
  const names = new Set<string>()
  for (const name of choice.open()) {
    if (names.size === MAX_NAMES) throw new Asn1Error('BAD_VALUE', `over ${MAX_NAMES} names`)
    const kind = name.tag & 0x1f
    names.add(
      kind === NAME_KIND.directory
        ? directory(name.content)
        : `${kind}:${Buffer.from(name.content).toString('latin1')}`,
    )
  }
  return names
}

const joined = (relative: readonly string[]): string => `directory:${relative.join('\u0001')}`
const directory = (der: Uint8Array): string => joined(foldedRelativeNames(der))

const maskOf = (flags: Element | undefined): number =>
  flags === undefined
    ? ALL_REASONS
    : readNamedBits(flags).reduce((mask, bit) => mask | (1 << bit), 0) & ALL_REASONS
