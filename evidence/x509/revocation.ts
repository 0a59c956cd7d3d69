/** What the lists at hand say about one certificate. Unknown is an answer of its own, never "good". [RFC 5280 §6.3] */
import type { Certificate, TrustContext } from '../ports.ts'
import { type Crl, findRevocation, isSignedBy, readCrl } from './crl.ts'
import { sameName } from './name.ts'

export type RevocationStatus =
  | { readonly status: 'good'; readonly crl: Uint8Array }
  | { readonly status: 'revoked'; readonly detail: string }
  | { readonly status: 'unknown'; readonly detail: string }

/** removeFromCRL: only delta lists have it; in a complete list it says that a hold was lifted. */
const REMOVED = 8

/**
 * One list that says revoked outweighs any number that do not. Lists of the issuer whose signature fails are as if
 * absent: an attacker may put them into a message.
 */
export function revocationStatus(
  certificate: Certificate,
  issuer: Certificate,
  context: Pick<TrustContext, 'at' | 'crls'>,
): RevocationStatus {
  let good: Uint8Array | undefined
  let reason = 'no list of its issuer'
  for (const octets of context.crls) {
    const crl = open(octets)
    if (crl === undefined || !sameName(crl.issuer, issuer.subject)) continue
    const refusal = whyNot(crl, certificate, issuer, context.at)
    if (refusal !== undefined) {
      reason = refusal
      continue
    }
    const entry = findRevocation(crl, certificate.serialBytes)
    // A list issued after the time in question tells what happened since: only earlier revocations count then.
    const counts = entry !== undefined && entry.reason !== REMOVED
    if (counts && (crl.thisUpdate <= context.at || entry.date <= context.at))
      return { status: 'revoked', detail: `${certificate.subject.text}: ${entry.date.toISOString()}` }
    good ??= octets
  }
  return good === undefined ? { status: 'unknown', detail: reason } : { status: 'good', crl: good }
}

function whyNot(crl: Crl, certificate: Certificate, issuer: Certificate, at: Date): string | undefined {
  if (crl.unusable !== undefined) return crl.unusable
  if (crl.nextUpdate === undefined) return 'a list without nextUpdate'
  if (at > crl.nextUpdate) return `the list ran out at ${crl.nextUpdate.toISOString()}`
  // A later list may have dropped certificates that expired before it. [RFC 5280 §3.3]
  if (crl.thisUpdate > at && crl.thisUpdate > certificate.notAfter) return 'the list came after expiry'
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.has('cRLSign')) return 'its issuer may not sign lists'
  return isSignedBy(crl, issuer.publicKey, issuer.spki) ? undefined : 'the signature of the list is not valid'
}

function open(octets: Uint8Array): Crl | undefined {
  try {
    return readCrl(octets)
  } catch {
    return undefined // a list that cannot be read answers for nobody; `require` then fails closed
  }
}
