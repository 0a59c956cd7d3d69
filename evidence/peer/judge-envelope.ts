/** The provider's signature around the whole message. [RFC 8551 §3.5] */
import type { MimeIndex } from '../../mail/mime-part.ts'
import type { HashName } from '../ports.ts'
import { type OpenRange, readUserSignature } from '../smime/user-signature.ts'
import { TimestampError } from '../tsa/error.ts'
import { checkToken } from '../verify/trust.ts'
import { isForSigning } from '../x509/for-signing.ts'
import { failure, type Refusal } from './failure.ts'
import { type PeerTrust, signerRefusal, tokenRefusal, withoutLists } from './trust.ts'

/** @returns undefined where it holds and is the peer's */
export async function envelopeRefusal(
  index: MimeIndex,
  known: { name: HashName; digest: Uint8Array } | undefined,
  open: OpenRange,
  trust: PeerTrust,
): Promise<Refusal | undefined> {
  const signature = await readUserSignature(index, known, open, trust.providers.desk)
  if (signature.form !== 'detached') return failure('ENVELOPE_FORM', 'no detached signature around it')
  const { signers, certificates } = signature.report
  const [signer] = signers
  if (signer === undefined || signers.length !== 1)
    return failure('ENVELOPE_SIGNATURE', `${signers.length} signers`)
  if (!signer.ok) return failure('ENVELOPE_SIGNATURE', signer.failure)
  const { certificate, timestampToken } = signer
  if (!trust.registered.has(certificate.fingerprint)) return failure('ENVELOPE_SIGNER', '')
  if (!isForSigning(certificate)) return failure('ENVELOPE_CERTIFICATE', 'KEY_USAGE')
  const refusal = await signerRefusal('ENVELOPE', certificate, certificates, trust)
  if (refusal !== undefined || timestampToken === undefined) return refusal
  try {
    const token = checkToken(timestampToken, signer.signatureValue, withoutLists(trust))
    return await tokenRefusal('ENVELOPE', token, trust)
  } catch (error) {
    if (!(error instanceof TimestampError)) throw error
    return failure('ENVELOPE_TIMESTAMP', error.code)
  }
}
