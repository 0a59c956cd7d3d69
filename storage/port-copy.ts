import type { BlobRef, Keeper } from './port-blobs.ts'
import type { NewChainEntry, Segment } from './port-chain.ts'
import type { MailboxHead, MailboxRow, MessageRow } from './port-mailboxes.ts'
import type { WorkRow } from './port-work.ts'

/**
 * The collections of documents, in the order in which they are read. What follows from a purse (reservations, ledger) is read
 * after it, so that it shows all that the purse has left behind; what it shows beyond the purse can be told by its number.
 */
export const COLLECTIONS = [
  'account',
  'peer',
  'purse',
  'reservation',
  'ledger',
  'listing',
  'hold',
  'filed',
  'annotation',
  'secret',
] as const
export type Collection = (typeof COLLECTIONS)[number]

/**
 * One thing that a store keeps, in words that every store knows: what backups consist of, and what moves from one kind of
 * store to another. Leases are not among them: whoever held one has gone.
 */
export type StoreRecord =
  /** The last number that was given out. */
  | { readonly kind: 'counter'; readonly name: 'uidValidity' | 'mailbox'; readonly value: number }
  | IntakeRecord
  | { readonly kind: 'voided'; readonly id: string }
  | { readonly kind: 'work'; readonly row: WorkRow }
  | {
      readonly kind: 'document'
      readonly collection: Collection
      readonly key: string
      readonly version: number
      readonly document: string
    }
  | { readonly kind: 'subscription'; readonly account: string; readonly name: string }
  | { readonly kind: 'mailbox'; readonly row: MailboxRow; readonly head: MailboxHead }
  | MessageRecord
  | {
      readonly kind: 'vanished'
      readonly mailbox: string
      readonly uid: number
      readonly modseq: number
      readonly opId: string | undefined
    }
  | { readonly kind: 'entry'; readonly chain: string; readonly entry: NewChainEntry }
  | { readonly kind: 'segment'; readonly chain: string; readonly segment: Segment }
  /** Its octets travel beside the records. */
  | { readonly kind: 'blob'; readonly ref: BlobRef; readonly keepers: readonly Keeper[] }

export interface IntakeRecord {
  readonly kind: 'intake'
  readonly id: string
  readonly at: number
  readonly dedup: string | undefined
  readonly body: BlobRef | undefined
  readonly envelope: BlobRef
  readonly names: readonly string[]
  readonly purged: boolean
}

export interface MessageRecord {
  readonly kind: 'message'
  readonly mailbox: string
  readonly row: MessageRow
  readonly opId: string
  readonly joinKey: string | undefined
  readonly index: Uint8Array
}

/** Nothing is swept while it is held, and whoever sweeps holds it. */
export const SWEEP_LEASE = 'sweep'
/** Longer than what is done between two renewals, short against how long a successor waits for a process that died. */
export const SWEEP_LEASE_MS = 60_000

export interface StoreCopy {
  /**
   * All records, blobs last. They are of one moment, or of such moments that doing again what they show as not done leads
   * to the same: no message comes of an intake that does not, one that is moved comes once, and books begin with their
   * purses. A mailbox comes before its messages. While they are read nothing may be swept: whoever reads them holds
   * {@link SWEEP_LEASE}.
   */
  records(): AsyncIterable<StoreRecord>
  /** True where no record but counters is there. */
  isEmpty(): Promise<boolean>
  /** Writes records into a store that nobody else uses; blobs are left out, they come by {@link BlobStore.save}. Repeatable. */
  load(records: readonly StoreRecord[]): Promise<void>
}
