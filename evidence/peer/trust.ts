/** Whom a peer's signatures must come from, and how that is found out. */
import { parseSignedData } from '../cms/signed-data.ts'
import type { EvidenceProfile } from '../model/profile.ts'
import type { Certificate, TimestampToken, TrustContext } from '../ports.ts'
import type { CertificateValidator } from '../status/certificate-validator.ts'
import type { VerifyOptions } from '../verify/trust.ts'
import { pathRefusal, type Refusal, stampRefusal } from './failure.ts'

/**
 * Status of a peer's certificates that was asked for so long ago is asked for again, though it has not run out: all its mail
 * rests on a few of them, so a leaked key must be told in minutes, and thousands of its messages still ask once.
 */
const ASKED_AGAIN_MS = 5 * 60_000

export interface PeerTrust {
  readonly providers: CertificateValidator
  readonly tsas: CertificateValidator
  readonly users: CertificateValidator
  readonly revocation: TrustContext['revocation']
  /** Everything is judged as of the receipt. */
  readonly at: Date
  /** Fingerprints of the peer's işlem sertifikaları: envelope and evidence are signed by one of them. */
  readonly registered: ReadonlySet<string>
  /** Our domain: nobody else issues evidence in its name. */
  readonly ownDomain: string
  readonly profile: EvidenceProfile
}

/** Without revocation lists: these are fetched for whom an anchor stands behind, and judged after. */
export const withoutLists = ({ providers, tsas, at }: PeerTrust): VerifyOptions => ({
  anchors: providers.anchorsAt(at),
  intermediates: [],
  crls: [],
  revocation: 'if-present',
  stampAnchors: tsas.anchorsAt(at),
  now: at,
})

/** Chain and revocation of a signer, now. */
export async function signerRefusal(
  signed: 'ENVELOPE' | 'EVIDENCE',
  certificate: Certificate,
  intermediates: readonly Certificate[],
  { providers, at, revocation }: PeerTrust,
): Promise<Refusal | undefined> {
  const askedSince = askedAgain(at)
  const path = await providers.validate(certificate, { intermediates, at, revocation, askedSince })
  return path.ok ? undefined : pathRefusal(signed, path.failure)
}

/** The same for the authority of a token that holds. */
export async function tokenRefusal(
  signed: 'ENVELOPE' | 'EVIDENCE',
  token: TimestampToken,
  { tsas, at, revocation }: PeerTrust,
): Promise<Refusal | undefined> {
  const intermediates = parseSignedData(token.der).certificates
  const askedSince = askedAgain(at)
  const path = await tsas.validate(token.certificate, { intermediates, at, revocation, askedSince })
  return path.ok ? undefined : stampRefusal(signed, path.failure)
}

const askedAgain = (at: Date): Date => new Date(at.getTime() - ASKED_AGAIN_MS)
