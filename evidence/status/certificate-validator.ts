import type { TrustDesk } from '../desk/desk.ts'
import type { Certificate, PathResult, StatusFreshness, TrustContext } from '../ports.ts'
import { otherKeysOf } from '../x509/path.ts'
import type { Asking } from './asking.ts'
import type { StatusSource } from './status-source.ts'

/** What one judgement may fetch: a path of four with a responder and two lists each, and their deltas. */
const MAX_REQUESTS = 16

/**
 * Judges a certificate as of one time: first a path to an anchor, then the status of the certificates on that path, then
 * the path again with it. No status is fetched for a certificate that no anchor stands behind.
 */
export class CertificateValidator {
  readonly #anchors: (at: Date) => readonly Certificate[]
  readonly #status: StatusSource
  readonly #furtherLists: () => readonly string[]

  constructor(options: {
    /** Those for all time, or as of when something is judged. */
    anchors: readonly Certificate[] | ((at: Date) => readonly Certificate[])
    status: StatusSource
    furtherLists: readonly string[] | (() => readonly string[])
  }) {
    const { anchors, furtherLists } = options
    this.#anchors = typeof anchors === 'function' ? anchors : () => anchors
    this.#status = options.status
    this.#furtherLists = typeof furtherLists === 'function' ? furtherLists : () => furtherLists
  }

  /** Where paths end that are judged as of that time. */
  anchorsAt(at: Date): readonly Certificate[] {
    return this.#anchors(at)
  }

  /** Where it judges. */
  get desk(): TrustDesk {
    return this.#status.desk
  }

  /** Rejects where the work cannot be done within bounds: then nothing was judged. */
  async validate(
    leaf: Certificate,
    options: {
      intermediates: readonly Certificate[]
      at: Date
      revocation: TrustContext['revocation']
      /** "Good" then needs an OCSP response produced since, or a list younger than the greatest age. */
      freshSince?: Date | undefined
      /** "Good" then needs a response or a list of what was known since: "young" is not enough. */
      knownSince?: Date | undefined
      /** Status that was asked for before, of issuers as well, is asked for again; whatever is current still counts. */
      askedSince?: Date | undefined
    },
  ): Promise<PathResult> {
    const { at, revocation, knownSince, askedSince = knownSince } = options
    const freshness = this.#freshness(options)
    const asking: Asking = { at, freshness, askedSince, requestsLeft: MAX_REQUESTS }
    const anchors = this.#anchors(at)
    const withoutStatus = { anchors, at, crls: [], revocation: 'if-present' } as const
    let { intermediates } = options
    const { desk } = this
    let first = await desk.path(leaf, { ...withoutStatus, intermediates })
    if (!first.ok && first.failure === 'NO_PATH') {
      const known = [...anchors, ...intermediates]
      const further = await this.#status.missingIssuers(leaf, known, asking)
      intermediates = [...intermediates, ...further]
      if (further.length > 0) first = await desk.path(leaf, { ...withoutStatus, intermediates })
    }
    if (!first.ok) return first
    const { path } = first
    const otherSigners = (issuer: Certificate) =>
      this.#otherSigners(issuer, anchors, { ...withoutStatus, anchors: path.slice(-1), intermediates })
    const { crls, ocsps } = await this.#status.gather(path, this.#furtherLists(), { ...asking, otherSigners })
    const judged = await desk.path(leaf, {
      anchors,
      intermediates,
      at,
      crls,
      ocsps,
      revocation,
      freshness,
    })
    return judged.ok || judged.failure !== 'REVOKED'
      ? judged
      : { ...judged, usedCrls: crls, usedOcsps: ocsps }
  }

  /** A CA that changed its key signs lists with either. [RFC 5280 §6.3.3 (f)] */
  async #otherSigners(
    issuer: Certificate,
    anchors: readonly Certificate[],
    context: TrustContext,
  ): Promise<readonly Certificate[]> {
    const candidates = otherKeysOf(issuer, [...anchors, ...context.intermediates])
    const judged = await Promise.all(candidates.map((other) => this.desk.path(other, context)))
    return candidates.filter((_, index) => judged[index]?.ok)
  }

  #freshness(asked: {
    at: Date
    freshSince?: Date | undefined
    knownSince?: Date | undefined
  }): StatusFreshness | undefined {
    const { at, freshSince, knownSince } = asked
    if (knownSince !== undefined) return { answeredSince: knownSince, knownSince, listedSince: knownSince }
    const listedSince = new Date(at.getTime() - this.#status.maxAgeMs)
    return freshSince && { answeredSince: freshSince, listedSince }
  }
}
