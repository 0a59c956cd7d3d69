import type { CertificateValidator, VerifiedToken } from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'

/** How long a verdict stands before the authority's status is asked for again; the tokens of a message come in one burst. */
const ASKED_AGAIN_MS = 60_000
/** TSA certificates in use at a time: one or two a TSA. */
const MAX_KNOWN = 64

interface Verdict {
  readonly refusal: string | undefined
  readonly at: number
}

/**
 * Whether the authority behind a token was revoked. Only the first token of a certificate waits for that; later ones go by
 * the last verdict while a new one is made. Where nobody tells, a token is taken: evidence cannot wait for a CA's list, and
 * whoever verifies it judges the authority again.
 */
export class TsaStatus {
  readonly #validator: CertificateValidator
  readonly #clock: Clock
  readonly #known = new Map<string, Promise<Verdict>>()
  readonly #asking = new Set<string>()

  constructor(validator: CertificateValidator, clock: Clock) {
    this.#validator = validator
    this.#clock = clock
  }

  /** Why the token is not taken, or undefined. */
  async refusal(token: Pick<VerifiedToken, 'certificate' | 'path'>): Promise<string | undefined> {
    const { fingerprint } = token.certificate
    const known = this.#known.get(fingerprint)
    if (known === undefined) return (await this.#ask(token)).refusal
    const { refusal, at } = await known
    const age = this.#clock.now().getTime() - at
    // Also anew when the clock ran backwards.
    if ((age >= ASKED_AGAIN_MS || age < 0) && !this.#asking.has(fingerprint)) void this.#ask(token)
    return refusal
  }

  async #ask({ certificate, path }: Pick<VerifiedToken, 'certificate' | 'path'>): Promise<Verdict> {
    const { fingerprint } = certificate
    const before = this.#known.get(fingerprint)
    this.#asking.add(fingerprint)
    const verdict = this.#judge(certificate, path).finally(() => this.#asking.delete(fingerprint))
    if (before === undefined) this.#keep(fingerprint, verdict)
    const made = await verdict
    this.#keep(fingerprint, Promise.resolve(made))
    return made
  }

  async #judge(certificate: VerifiedToken['certificate'], path: VerifiedToken['path']): Promise<Verdict> {
    const at = this.#clock.now()
    // What was asked for a minute ago is no news; once a minute is all that a responder hears of it.
    const options = {
      intermediates: path.slice(1),
      at,
      revocation: 'if-present',
      askedSince: at,
    } as const
    try {
      const judged = await this.#validator.validate(certificate, options)
      return { refusal: judged.ok ? undefined : `${judged.failure} ${judged.detail}`, at: at.getTime() }
    } catch {
      // Nobody waits for a verdict that is made again; a fault of ours revokes nobody.
      return { refusal: undefined, at: at.getTime() }
    }
  }

  #keep(fingerprint: string, verdict: Promise<Verdict>): void {
    this.#known.delete(fingerprint)
    this.#known.set(fingerprint, verdict)
    const oldest = this.#known.keys().next().value
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest)
  }
}
