/** Extensions that say under which policies certificates are issued. Failure: Asn1Error. */
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { type Element, readWhole } from '../asn1/reader.ts'
import { contextPrimitive, TAG } from '../asn1/tag.ts'
import { readOid, readSmallInteger } from '../asn1/values.ts'
import type { Extension, PolicyConstraints } from '../ports.ts'

type Extensions = ReadonlyMap<string, Extension>

/** Every policy. [RFC 5280 §4.2.1.4] */
export const ANY_POLICY = '2.5.29.32.0'

/** Real certificates name a few; nodes of the policy graph and work in it grow with these. */
const MAX_POLICIES = 64

/** Each at most once. [RFC 5280 §4.2.1.4] */
export function readPolicies(extensions: Extensions): string[] {
  const value = extensions.get(OID.certificatePolicies)?.value
  if (value === undefined) return []
  const policies = bounded(value).map((item) => readOid(item.open().expect(TAG.oid)))
  if (new Set(policies).size < policies.length) throw new Asn1Error('BAD_VALUE', 'a policy twice')
  if (policies.length === 0) throw new Asn1Error('BAD_VALUE', 'no policy')
  return policies
}

/** Policy of the issuer → what it is equal to below. Neither side may be anyPolicy. [RFC 5280 §4.2.1.5] */
export function readPolicyMappings(extensions: Extensions): ReadonlyMap<string, ReadonlySet<string>> {
  const mappings = new Map<string, Set<string>>()
  const value = extensions.get(OID.policyMappings)?.value
  if (value === undefined) return mappings
  for (const item of bounded(value)) {
    const parts = item.open()
    const [issuers, subjects] = [readOid(parts.expect(TAG.oid)), readOid(parts.expect(TAG.oid))]
    parts.finish()
    if (issuers === ANY_POLICY || subjects === ANY_POLICY)
      throw new Asn1Error('BAD_VALUE', 'a mapping of anyPolicy')
    mappings.set(issuers, (mappings.get(issuers) ?? new Set()).add(subjects))
  }
  return mappings
}

/** Numbers of certificates that may follow. [RFC 5280 §4.2.1.11] */
export function readPolicyConstraints(extensions: Extensions): PolicyConstraints {
  const value = extensions.get(OID.policyConstraints)?.value
  if (value === undefined) return { requireExplicit: undefined, inhibitMapping: undefined }
  const parts = readWhole(value, 'der', TAG.sequence).open()
  const [requireExplicit, inhibitMapping] = [
    parts.optional(contextPrimitive(0)),
    parts.optional(contextPrimitive(1)),
  ]
  parts.finish()
  if (requireExplicit === undefined && inhibitMapping === undefined)
    throw new Asn1Error('BAD_VALUE', 'constraints that constrain nothing')
  return {
    requireExplicit: requireExplicit && readSmallInteger(requireExplicit),
    inhibitMapping: inhibitMapping && readSmallInteger(inhibitMapping),
  }
}

/** [RFC 5280 §4.2.1.14] */
export function readInhibitAnyPolicy(extensions: Extensions): number | undefined {
  const value = extensions.get(OID.inhibitAnyPolicy)?.value
  return value === undefined ? undefined : readSmallInteger(readWhole(value, 'der', TAG.integer))
}

function bounded(value: Uint8Array): Element[] {
  const items: Element[] = []
  for (const item of readWhole(value, 'der', TAG.sequence).open()) {
    if (items.length === MAX_POLICIES) throw new Asn1Error('BAD_VALUE', `over ${MAX_POLICIES} policies`)
    items.push(item)
  }
  return items
}
