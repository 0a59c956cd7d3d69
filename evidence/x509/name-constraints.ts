/**
 * Name constraints of a CA, applied to every certificate below it. [RFC 5280 §4.2.1.10] E-mail, DNS and directory
 * names are understood; a constraint of any other kind refuses certificates that carry a name of that kind.
 */
import { OID } from '../asn1/oid.ts'
import { Reader, readWhole } from '../asn1/reader.ts'
import { contextConstructed, TAG } from '../asn1/tag.ts'
import { readOid } from '../asn1/values.ts'
import type { Certificate } from '../ports.ts'
import { only } from './algorithm.ts'
import {
  type GeneralName,
  generalNameText,
  NAME_KIND,
  readAlternativeNames,
  readGeneralName,
} from './extensions.ts'
import { foldedRelativeNames, nameAttributes, UNREADABLE } from './name.ts'

/** Names × constraints is work that a certificate's author chooses. */
const MAX_COMPARISONS = 10_000

/** Why the certificate breaks the issuer's constraints, or undefined. Throws Asn1Error for unreadable constraints. */
export function nameConstraintBreach(issuer: Certificate, certificate: Certificate): string | undefined {
  const value = issuer.extensions.get(OID.nameConstraints)?.value
  if (value === undefined) return undefined
  const parts = readWhole(value, 'der', TAG.sequence).open()
  const permittedField = parts.optional(contextConstructed(0))
  const excludedField = parts.optional(contextConstructed(1))
  parts.finish()
  const permitted = subtrees(permittedField)
  const excluded = subtrees(excludedField)
  if (permitted === undefined || excluded === undefined) return 'constraints with minimum or maximum'
  const names = namesOf(certificate)
  if (names.length * (permitted.length + excluded.length) > MAX_COMPARISONS) return 'too many names'
  for (const name of names) {
    const sameKind = (base: GeneralName): boolean => base.kind === name.kind
    const hit = excluded.filter(sameKind).some((base) => within(name, base) !== false)
    if (hit) return `an excluded name of kind ${name.kind}`
    const allowed = permitted.filter(sameKind)
    if (allowed.length > 0 && !allowed.some((base) => within(name, base) === true))
      return `a name of kind ${name.kind} outside the permitted ones`
  }
  return undefined
}

/** Base names; undefined where a subtree has distances, which nobody defines. */
function subtrees(field: ReturnType<typeof readWhole> | undefined): GeneralName[] | undefined {
  if (field === undefined) return []
  const bases: GeneralName[] = []
  for (const subtree of field.open()) {
    const parts = subtree.open()
    bases.push(readGeneralName(parts.next()))
    if (!parts.done) return undefined
  }
  return bases
}

/** Alternative names, the subject, and e-mail addresses in the subject, which count as well. */
function namesOf(certificate: Certificate): GeneralName[] {
  const names = readAlternativeNames(certificate.extensions).map(asMailbox)
  const attributes = nameAttributes(certificate.subject.der)
  if (attributes.length > 0) names.push({ kind: NAME_KIND.directory, octets: certificate.subject.der })
  for (const { type, value } of attributes)
    if (type === OID.emailAddress)
      names.push({ kind: NAME_KIND.email, octets: Buffer.from(value ?? '', 'utf8') })
  return names
}

/** An address with letters beyond ASCII has a form of its own, and the constraints of the usual one. [RFC 9598 §6] */
function asMailbox(name: GeneralName): GeneralName {
  if (name.kind !== NAME_KIND.other) return name
  const parts = new Reader(name.octets, 'der')
  if (readOid(parts.expect(TAG.oid)) !== OID.smtpUtf8Mailbox) return name
  const text = only(parts.expect(contextConstructed(0)), TAG.utf8String)
  parts.finish()
  return { kind: NAME_KIND.email, octets: text.content }
}

/** undefined: what is not understood, or cannot be read, which counts against the certificate on either list. */
function within(name: GeneralName, base: GeneralName): boolean | undefined {
  switch (base.kind) {
    case NAME_KIND.email:
      return emailWithin(generalNameText(name), generalNameText(base))
    case NAME_KIND.dns:
      return hostWithin(generalNameText(name).toLowerCase(), hostOf(generalNameText(base)).replace(/^\./, ''))
    case NAME_KIND.directory:
      return directoryWithin(name.octets, base.octets)
    default:
      return undefined
  }
}

/** A mailbox, a host, or with a leading dot the hosts below a domain. */
function emailWithin(address: string, base: string): boolean | undefined {
  const at = address.lastIndexOf('@')
  const host = address.slice(at + 1).toLowerCase()
  // What is no mailbox may be taken for one by others.
  if (at < 1 || host === '' || host.endsWith('.')) return undefined
  // Domains are compared as they stand in the name system; what is not written so cannot be compared. [RFC 9598 §3]
  if (/[^\x00-\x7f]/.test(host)) return undefined
  if (base.includes('@')) {
    const [local, domain] = [base.slice(0, base.lastIndexOf('@')), base.slice(base.lastIndexOf('@') + 1)]
    return address.slice(0, at) === local && host === hostOf(domain)
  }
  return base.startsWith('.') ? host.endsWith(hostOf(base)) : host === hostOf(base)
}

/** The dot of the root says nothing that its absence does not; in a certificate's own names nobody writes it. */
const hostOf = (text: string): string => text.toLowerCase().replace(/\.$/, '')

const hostWithin = (host: string, domain: string): boolean | undefined =>
  host.endsWith('.') ? undefined : domain === '' || host === domain || host.endsWith(`.${domain}`)

/** The base's relative names are the first of the name's. The base arrives as an explicitly tagged Name. */
function directoryWithin(name: Uint8Array, base: Uint8Array): boolean | undefined {
  const [inner, outer] = [foldedRelativeNames(name), foldedRelativeNames(base)]
  if ([...inner.slice(0, outer.length), ...outer].some((relative) => relative.includes(UNREADABLE)))
    return undefined
  return outer.length <= inner.length && outer.every((relative, index) => relative === inner[index])
}
