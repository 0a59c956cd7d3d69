/**
 * Under which policies a path is valid. [RFC 5280 §6.1] The graph of RFC 9618 takes the place of the tree: it keeps one node
 * for each policy of a level, so that mappings cannot make it grow with the power of the path's length. [RFC 9618 §5]
 */
import type { Certificate, PolicyRequirements } from '../ports.ts'
import { ANY_POLICY } from './policy-extensions.ts'

interface Node {
  /** Policies that certificates below may name to stay within this one. */
  expected: ReadonlySet<string>
  readonly parents: Set<string>
}

/** By policy. */
type Level = Map<string, Node>

export type PolicyVerdict =
  | { readonly ok: true /** `anyPolicy` stands for every one. */; readonly policies: readonly string[] }
  | { readonly ok: false; readonly detail: string }

/** @param path leaf first, anchor last; signatures and names were checked */
export function validPolicies(
  path: readonly Certificate[],
  requirements: PolicyRequirements = {},
): PolicyVerdict {
  return new PolicyGraph(path.length - 1, requirements).walk(path.slice(0, -1).toReversed())
}

class PolicyGraph {
  readonly #requirements: PolicyRequirements
  /** undefined once no policy is valid any more. */
  #levels: Level[] | undefined = [
    new Map([[ANY_POLICY, { expected: new Set([ANY_POLICY]), parents: new Set() }]]),
  ]
  /** Certificates after which a policy must be valid, mapping ends, and anyPolicy counts no more. */
  #explicit: number
  #mapping: number
  #any: number

  constructor(length: number, requirements: PolicyRequirements) {
    const never = length + 1
    this.#requirements = requirements
    this.#explicit = requirements.requireExplicit === true ? 0 : never
    this.#mapping = requirements.inhibitMapping === true ? 0 : never
    this.#any = requirements.inhibitAny === true ? 0 : never
  }

  /** @param certificates below the anchor, its own first */
  walk(certificates: readonly Certificate[]): PolicyVerdict {
    for (const [index, certificate] of certificates.entries()) {
      const isLast = index === certificates.length - 1
      this.#take(certificate, isLast)
      if (this.#explicit === 0 && this.#levels === undefined)
        return { ok: false, detail: `${certificate.subject.text}: no policy is valid from here on` }
      if (!isLast) this.#prepare(certificate)
      else this.#finish(certificate)
    }
    const policies = this.#accepted()
    return this.#explicit > 0 || policies.length > 0
      ? { ok: true, policies }
      : { ok: false, detail: 'none of the policies asked for is valid' }
  }

  /** [RFC 5280 §6.1.3 (d), (e)] */
  #take(certificate: Certificate, isLast: boolean): void {
    const above = this.#levels?.at(-1)
    const { policies } = certificate
    if (this.#levels === undefined || above === undefined || policies.length === 0) {
      this.#levels = undefined
      return
    }
    const level: Level = new Map()
    for (const policy of policies) {
      if (policy === ANY_POLICY) continue
      const parents = expecting(above, policy)
      if (parents.length > 0) level.set(policy, node([policy], parents))
      else if (above.has(ANY_POLICY)) level.set(policy, node([policy], [ANY_POLICY]))
    }
    const anyCounts = this.#any > 0 || (!isLast && certificate.isSelfIssued)
    if (policies.includes(ANY_POLICY) && anyCounts)
      for (const policy of new Set([...above.values()].flatMap(({ expected }) => [...expected])))
        if (!level.has(policy)) level.set(policy, node([policy], expecting(above, policy)))
    this.#levels.push(level)
    this.#prune()
  }

  /** For the certificate below. [RFC 5280 §6.1.4] */
  #prepare(certificate: Certificate): void {
    const { policyMappings, policyConstraints: constraints, inhibitAnyPolicy } = certificate
    this.#map(policyMappings)
    if (!certificate.isSelfIssued) {
      this.#explicit = Math.max(0, this.#explicit - 1)
      this.#mapping = Math.max(0, this.#mapping - 1)
      this.#any = Math.max(0, this.#any - 1)
    }
    this.#explicit = Math.min(this.#explicit, constraints.requireExplicit ?? this.#explicit)
    this.#mapping = Math.min(this.#mapping, constraints.inhibitMapping ?? this.#mapping)
    this.#any = Math.min(this.#any, inhibitAnyPolicy ?? this.#any)
  }

  #map(mappings: ReadonlyMap<string, ReadonlySet<string>>): void {
    const level = this.#levels?.at(-1)
    if (level === undefined || mappings.size === 0) return
    for (const [issuers, subjects] of mappings) {
      if (this.#mapping === 0) {
        level.delete(issuers)
        continue
      }
      const known = level.get(issuers)
      if (known !== undefined) known.expected = subjects
      else if (level.has(ANY_POLICY)) level.set(issuers, node(subjects, [ANY_POLICY]))
    }
    this.#prune()
  }

  /** [RFC 5280 §6.1.5 (a), (b)] */
  #finish({ policyConstraints }: Certificate): void {
    this.#explicit = Math.max(0, this.#explicit - 1)
    if (policyConstraints.requireExplicit === 0) this.#explicit = 0
  }

  /** What leads to nothing below goes; with its last node a graph ends. */
  #prune(): void {
    const levels = this.#levels
    if (levels === undefined) return
    for (let depth = levels.length - 1; depth > 0; depth--) {
      const needed = new Set([...levels[depth]!.values()].flatMap(({ parents }) => [...parents]))
      for (const policy of levels[depth - 1]!.keys())
        if (!needed.has(policy)) levels[depth - 1]!.delete(policy)
    }
    if (levels[0]!.size === 0) this.#levels = undefined
  }

  /** As the anchor's authority names them, among those asked for. [RFC 9618 §5.4] */
  #accepted(): string[] {
    const levels = this.#levels
    if (levels === undefined) return []
    const wanted = this.#requirements.policies
    if (levels.at(-1)!.has(ANY_POLICY)) return [...(wanted ?? [ANY_POLICY])]
    const valid = new Set(
      levels
        .slice(1)
        .flatMap((level) => [...level])
        .filter(([policy, { parents }]) => policy !== ANY_POLICY && parents.has(ANY_POLICY))
        .map(([policy]) => policy),
    )
    return wanted === undefined ? [...valid] : wanted.filter((policy) => valid.has(policy))
  }
}

const node = (expected: Iterable<string>, parents: Iterable<string>): Node => ({
  expected: new Set(expected),
  parents: new Set(parents),
})

const expecting = (level: Level, policy: string): string[] =>
  [...level].filter(([, { expected }]) => expected.has(policy)).map(([name]) => name)
