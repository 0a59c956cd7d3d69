import { createHash, type Hash } from 'node:crypto'
import type { MimeIndexer } from '../../mail/mime-index.ts'
import type { HashName } from '../ports.ts'

/**
 * Takes the digest of the first part of a multipart/signed while the message streams in. Octets that may still
 * turn out to belong to the next boundary are held back (a line at most), everything else is hashed as it
 * comes. Which digest is wanted is known from micalg only as a hint: another one is taken later from the blob.
 */
export class SignedPartDigest {
  readonly #indexer: MimeIndexer
  #hash: Hash | undefined
  #name: HashName = 'sha256'
  /** Octets not hashed yet, and the offset of the first of them. */
  #held: Buffer = Buffer.alloc(0)
  #heldFrom = 0

  /** `indexer` must already have been given each chunk before this is. */
  constructor(indexer: MimeIndexer) {
    this.#indexer = indexer
  }

  push(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const part = this.#indexer.signedPart
    const settled = this.#indexer.settled
    if (part === undefined) {
      // The part can only begin in octets that are not settled yet, so the rest need not be held.
      this.#drop(settled)
      return
    }
    if (this.#hash === undefined) {
      this.#name = hashOfMicalg(this.#indexer.micalg)
      this.#hash = createHash(this.#name)
      this.#drop(part.start)
    }
    const end = Math.min(part.end ?? settled, this.#heldFrom + this.#held.length)
    if (end > this.#heldFrom) {
      this.#hash.update(this.#held.subarray(0, end - this.#heldFrom))
      this.#drop(end)
    }
    if (part.end !== undefined) this.#drop(this.#heldFrom + this.#held.length)
    // What stays is short: copy it, so that it does not keep the whole chunk alive.
    else if (this.#held.length > 0) this.#held = Buffer.from(this.#held)
  }

  /** The digest and its name; undefined where there was no signed part. Call once, after the last push and the indexer's end. */
  end(
    signedPart: { start: number; end: number } | undefined,
  ): { name: HashName; digest: Uint8Array } | undefined {
    if (this.#hash === undefined || signedPart === undefined) return undefined
    const rest = signedPart.end - this.#heldFrom
    if (rest > 0) this.#hash.update(this.#held.subarray(0, rest))
    return { name: this.#name, digest: this.#hash.digest() }
  }

  #drop(before: number): void {
    if (before <= this.#heldFrom) return
    this.#held = this.#held.subarray(Math.min(before - this.#heldFrom, this.#held.length))
    this.#heldFrom = before
  }
}

/** Spellings vary by client: `sha-256`, `sha256`, `SHA256`. [RFC 8551 §3.5.3.2] */
function hashOfMicalg(micalg: string | undefined): HashName {
  const plain = (micalg ?? '').toLowerCase().replace('-', '')
  return plain === 'sha384' || plain === 'sha512' ? plain : 'sha256'
}
