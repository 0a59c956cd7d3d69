import type { Readable } from 'node:stream'

export interface DkimKey {
  readonly selector: string
  readonly domain: string
  /** PEM of an RSA or Ed25519 key. */
  readonly key: string
}

/**
 * The DKIM-Signature field of a message, with its line end, to be put in front of it: nothing of the message itself
 * changes. The message is read once, as a stream. Throws where the key cannot sign. [RFC 6376 §3.5] [RFC 8463 §3]
 */
export async function dkimField(
  message: Readable,
  { selector, domain, key }: DkimKey,
  at: Date,
): Promise<string> {
  // Loaded with the first signature: most providers make none, and it takes memory and a quarter of a second.
  const { dkimSign } = await import('mailauth/lib/dkim/sign.js')
  const { signatures, errors } = await dkimSign(message, {
    signingDomain: domain,
    selector,
    privateKey: key,
    strict: true,
    signTime: at,
    signatureData: [
      { signingDomain: domain, selector, privateKey: key, canonicalization: 'relaxed/relaxed' },
    ],
  })
  const [error] = errors
  if (error !== undefined) throw new Error(`no DKIM signature: ${error.err.message}`)
  if (signatures === '') throw new Error('no DKIM signature was made')
  return signatures
}
