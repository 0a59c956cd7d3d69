/** Chains whose certificates carry policies, as a table says. */
import { OID } from '../../evidence/asn1/oid.ts'
import { integer, oid, sequence, taggedPrimitive } from '../../evidence/asn1/writer.ts'
import type { Certificate } from '../../evidence/ports.ts'
import { extension } from '../../evidence/x509/extensions.ts'
import { type Issuer, issueCertificate } from '../../evidence/x509/issue.ts'
import { daysFromNow, makeKey } from './pki.ts'

/** `*` is anyPolicy; a letter is a policy of its own. */
export type PolicyName = string

export interface PolicyCertificate {
  readonly policies?: readonly PolicyName[]
  /** `a>b`: what the issuer calls a is called b below. */
  readonly mappings?: readonly string[]
  readonly requireExplicit?: number
  readonly inhibitMapping?: number
  readonly inhibitAny?: number
  /** The same name as its issuer's. */
  readonly isSelfIssued?: boolean
}

export const policyOid = (name: PolicyName): string =>
  name === '*' ? '2.5.29.32.0' : `1.3.6.1.4.1.99999.1.${name.charCodeAt(0)}`

export function policyExtensions(of: PolicyCertificate): Uint8Array[] {
  const { policies, mappings, requireExplicit, inhibitMapping, inhibitAny } = of
  const constraint = (tag: number, value: number | undefined) =>
    value === undefined ? [] : [taggedPrimitive(tag, Uint8Array.of(value))]
  return [
    ...(policies === undefined
      ? []
      : [
          extension(
            OID.certificatePolicies,
            false,
            sequence(...policies.map((name) => sequence(oid(policyOid(name))))),
          ),
        ]),
    ...(mappings === undefined
      ? []
      : [
          extension(
            OID.policyMappings,
            true,
            sequence(
              ...mappings.map((pair) => sequence(...pair.split('>').map((name) => oid(policyOid(name))))),
            ),
          ),
        ]),
    ...(requireExplicit === undefined && inhibitMapping === undefined
      ? []
      : [
          extension(
            OID.policyConstraints,
            true,
            sequence(...constraint(0, requireExplicit), ...constraint(1, inhibitMapping)),
          ),
        ]),
    ...(inhibitAny === undefined ? [] : [extension(OID.inhibitAnyPolicy, true, integer(inhibitAny))]),
  ]
}

/** Of all: what is judged is the policies, and keys cost time. */
const pair = makeKey('p256')

/** Leaf first, without the anchor. */
export function policyChain(anchor: Issuer, table: readonly PolicyCertificate[]): Certificate[] {
  const chain: Certificate[] = []
  let issuer = anchor
  for (const [index, row] of table.entries()) {
    const isLeaf = index === table.length - 1
    const names = issuer.certificate.subject
    const commonName = row.isSelfIssued === true ? (names.commonName ?? '') : `CA ${index}`
    const certificate = issueCertificate({
      subject:
        row.isSelfIssued === true
          ? {
              commonName,
              ...(names.organization === undefined
                ? {}
                : { organization: names.organization, country: 'TR' }),
            }
          : { commonName },
      publicKey: isLeaf ? pair.publicKey : keyOf(index).publicKey,
      profile: isLeaf ? { kind: 'user', email: 'a@hs98.kep.tr' } : { kind: 'intermediate' },
      issuer,
      notBefore: daysFromNow(-9),
      notAfter: daysFromNow(900),
      extensions: policyExtensions(row),
    })
    chain.unshift(certificate)
    issuer = { certificate, key: keyOf(index).privateKey }
  }
  return chain
}

const keys: ReturnType<typeof makeKey>[] = []
/** Two CAs of one name need two keys, or one is a loop. */
function keyOf(index: number): ReturnType<typeof makeKey> {
  keys[index] ??= makeKey('p256')
  return keys[index]
}
