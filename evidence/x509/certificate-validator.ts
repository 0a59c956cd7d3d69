import type { Certificate, PathResult, TrustContext } from '../ports.ts'
import type { CrlSource } from './crl-source.ts'
import { validatePath } from './path.ts'

/**
 * Judges a certificate as of one time: first a path to an anchor, then the revocation lists which the certificates
 * of that path name, then the path again with them. Nothing is fetched for a certificate that no anchor stands behind.
 */
export class CertificateValidator {
  readonly anchors: readonly Certificate[]
  readonly #crls: CrlSource
  readonly #furtherLists: readonly string[]

  constructor(options: {
    anchors: readonly Certificate[]
    crls: CrlSource
    furtherLists: readonly string[]
  }) {
    this.anchors = options.anchors
    this.#crls = options.crls
    this.#furtherLists = options.furtherLists
  }

  async validate(
    leaf: Certificate,
    options: { intermediates: readonly Certificate[]; at: Date; revocation: TrustContext['revocation'] },
  ): Promise<PathResult> {
    const context = { anchors: this.anchors, intermediates: options.intermediates, at: options.at }
    const first = validatePath(leaf, { ...context, crls: [], revocation: 'if-present' })
    if (!first.ok) return first
    const crls = await this.#crls.listsFor(first.path.slice(0, -1), this.#furtherLists)
    return validatePath(leaf, { ...context, crls, revocation: options.revocation })
  }
}
