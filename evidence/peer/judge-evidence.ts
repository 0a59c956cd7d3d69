/** One delil of a peer: XAdES, time-stamp, chains and revocation, and that the signer is registered for this peer. */
import { isBelow } from '../../mail/kep-address.ts'
import { type OutcomeName, outcomeOf } from '../model/outcome.ts'
import type { EvidenceFields } from '../model/read.ts'
import { worst } from '../verify/reasons.ts'
import { failure, findingFailure, type Refusal } from './failure.ts'
import { type PeerTrust, signerRefusal, tokenRefusal, withoutLists } from './trust.ts'

export interface PeerEvidence {
  readonly fields: EvidenceFields
  /** undefined where root and event code mean nothing to us. */
  readonly outcome: OutcomeName | undefined
  readonly octets: Uint8Array
}

/** Both are there where nothing is wrong, but something could not be learned. */
export interface EvidenceVerdict {
  readonly evidence?: PeerEvidence
  readonly refusal?: Refusal | undefined
  /** What it says, whether or not anybody vouches for that: only good to name the message that is rejected. */
  readonly claimed: EvidenceFields | undefined
}

export async function judgeEvidence(octets: Uint8Array, trust: PeerTrust): Promise<EvidenceVerdict> {
  const { judged, claimed } = await trust.providers.desk.evidence(octets, withoutLists(trust))
  const unstamped = judged.findings.find(({ reason }) => reason === 'TIMESTAMP_NOT_PROVED')
  const finding = unstamped ?? worst(judged.findings)
  if (finding !== undefined) return { refusal: findingFailure(finding), claimed }
  const { certificate, certificates, token, fields } = judged
  if (certificate === undefined || token === undefined || fields === undefined)
    return { refusal: failure('EVIDENCE_FORM', 'unreadable'), claimed }
  if (!trust.registered.has(certificate.fingerprint))
    return { refusal: failure('EVIDENCE_SIGNER', ''), claimed }
  // The archive would hold it for ever among our own.
  if (fields.issuer.addresses.some((address) => isBelow(address, trust.ownDomain)))
    return { refusal: failure('EVIDENCE_SIGNER', 'it names us as its issuer'), claimed }
  const refusals = [
    await signerRefusal('EVIDENCE', certificate, certificates, trust),
    await tokenRefusal('EVIDENCE', token, trust),
  ].filter((refusal) => refusal !== undefined)
  const wrong = refusals.find((refusal) => 'code' in refusal)
  if (wrong !== undefined) return { refusal: wrong, claimed }
  const outcome = outcomeOf(trust.profile, fields.root, fields.eventCode)?.name
  return { evidence: { fields, outcome, octets }, refusal: refusals[0], claimed }
}
