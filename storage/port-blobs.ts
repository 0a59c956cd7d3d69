/** Octets by the name of their content. */
export interface BlobRef {
  /** SHA-256 in lower-case hex. */
  readonly hash: string
  /** Octets. */
  readonly size: number
}

/**
 * Who keeps a blob: an intake its message and what was made of it, a mailbox the bodies of its messages, a legal hold what
 * it may not lose, the archive what is never given up. What nobody keeps is swept away, and where octets are encrypted it
 * is unreadable from the moment the last of its keepers lets go: each keeper has the key in a wrapping of its own.
 */
export type Keeper = `intake/${string}` | `mailbox/${string}` | `hold/${string}` | 'archive'

/**
 * A finished blob that nobody names yet: readable, and gone with discard(). The write that first names it (an
 * acceptance, an append) makes it durable: a large one is renamed and synced before that write, a small one rides in
 * it, so that one small message costs one fsync.
 */
export interface StagedBlob {
  readonly ref: BlobRef
  readonly open: (range?: ByteRange, into?: Uint8Array) => AsyncIterable<Uint8Array>
  /** Safe to call after anything; what was published meanwhile stays. Naming it after this fails: NO_SUCH_BLOB. */
  readonly discard: () => Promise<void>
}

export interface BlobWriter {
  /**
   * Resolves when more may be written; rejects with BLOB_TOO_LARGE beyond the limit, and then nothing comes of the
   * blob. The chunk is kept, not copied: it must not change afterwards.
   */
  write(chunk: Uint8Array): Promise<void>
  finish(): Promise<StagedBlob>
  /** Forgets what was written; safe to call after anything. */
  abort(): Promise<void>
}

/** Half-open octet range. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface BlobStore {
  create(maxBytes: number): BlobWriter
  /** Makes a staged blob durable by itself, where no other write will carry it. */
  save(staged: StagedBlob, keeper: Keeper): Promise<BlobRef>
  /** One keeper more for octets that are there: NO_SUCH_BLOB where nobody keeps them any more. Repeated, it changes nothing. */
  keep(ref: BlobRef, keeper: Keeper): Promise<void>
  /** This keeper lets go of all that it keeps. The archive never does. */
  release(keeper: Exclude<Keeper, 'archive'>): Promise<void>
  /**
   * Removes octets that nobody keeps, about `limit` blobs in a call; answers how many went. A blob that is named while it
   * is swept stays. What a process that died left staged goes here too where opening the store does not remove it.
   */
  sweep(limit: number): Promise<{ blobs: number; octets: number }>
  /**
   * Streams in pieces of at most 1 MiB. NO_SUCH_BLOB where it, or a range of it, is not there; CORRUPT where its size
   * is another. Read whole, its hash is checked too: CORRUPT then comes after the last piece, so nothing may be done
   * with the pieces that cannot be undone before the end. With `into` each piece is a slice of that buffer and is gone
   * when the next one is asked for: who only looks at octets then leaves no garbage, however many.
   */
  open(ref: BlobRef, range?: ByteRange, into?: Uint8Array): AsyncIterable<Uint8Array>
  /** All octets of the range at once; for small ones. */
  read(ref: BlobRef, range?: ByteRange): Promise<Uint8Array>
}

/** Up to here a blob is kept in the database row's own commit; measured as the better side of the trade. */
export const INLINE_BLOB_MAX = 65_536

/** Reading in pieces of 1 MiB halves the cost of hashing against 64 KiB (measured), and bounds memory. */
export const PIECE_MAX = 1_048_576

/** A buffer to stream a blob of this size through; see {@link BlobStore.open}. */
export const scratchFor = (size: number): Uint8Array => Buffer.allocUnsafeSlow(Math.min(size, PIECE_MAX))
