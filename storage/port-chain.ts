import type { BlobRef, StagedBlob } from './port-blobs.ts'

/** A lease with a number that only grows: a writer whose lease lapsed is told so instead of being believed. */
export interface Fence {
  readonly name: string
  readonly token: number
}

export interface NewChainEntry {
  readonly seq: number
  readonly eventId: string
  /** Links of the hash chain, computed by the trust core. */
  readonly prev: Uint8Array
  readonly hash: Uint8Array
  readonly sha512: Uint8Array
  readonly bytes: Uint8Array
  readonly intake: string | undefined
  /** Small JSON for lists and traces; nothing is proved by it. */
  readonly meta: string
  /** Addresses under which the entry can be listed: the sender and the recipient it refers to. */
  readonly parties: readonly string[]
  readonly at: number
  readonly keepUntil: number
}

export type ChainEntry = Omit<NewChainEntry, 'parties'>

/**
 * Entries of a chain in one immutable blob, which the archive keeps: the segments are what is proved and handed on, the
 * entries in the database are their index.
 */
export interface Segment {
  /** Sequence numbers of its first and last entry. */
  readonly from: number
  readonly upTo: number
  readonly body: BlobRef
  /**
   * What makes it believed: signature and time-stamp over the hash of its last entry, or of a later one where what was sealed
   * at once fills several segments; opaque here.
   */
  readonly seal: Uint8Array
  readonly at: number
}

/** Append-only by type: there is no update and no delete. */
export interface ChainStore {
  /**
   * undefined while somebody else holds it. Taking one's own lease again renews it under the same token; for 0 ms, it is given
   * back.
   *
   * @param owner no two that are alive at once may have the same
   */
  lease(name: string, owner: string, now: number, ms: number): Promise<Fence | undefined>
  head(chain: string): Promise<ChainEntry | undefined>
  /**
   * Appends in order, all or none. STALE_FENCE where the lease went to another; CHAIN_CONFLICT where the entries do
   * not follow the head one by one (the first is 1) or an event id is taken. The trust core looks up event ids first,
   * because the first octets under an event id win for ever. The lease's length is not looked at: a writer that is
   * late is believed until another has taken the lease.
   */
  append(fence: Fence, chain: string, entries: readonly NewChainEntry[]): Promise<void>
  find(chain: string, eventId: string): Promise<ChainEntry | undefined>
  /** In order of `seq`, from `from` on. */
  read(chain: string, from: number, limit: number): Promise<ChainEntry[]>
  ofIntake(chain: string, intake: string, afterSeq: number, limit: number): Promise<ChainEntry[]>
  list(chain: string, filter: ChainFilter, afterSeq: number, limit: number): Promise<ChainEntry[]>
  /**
   * Follows the last segment, or begins with 1, and ends at or below the head: CHAIN_CONFLICT. Repeated with the same
   * segment it changes nothing. STALE_FENCE as for append.
   */
  seal(fence: Fence, chain: string, segment: Segment, staged: StagedBlob): Promise<void>
  /** In order, those that end after `afterSeq`. */
  segments(chain: string, afterSeq: number, limit: number): Promise<Segment[]>
}

export interface ChainFilter {
  readonly from?: number
  readonly to?: number
  readonly party?: string
}
