/**
 * What the store promises, whatever database keeps it. [RFC 9051 §2.3.1] for UIDs, the design's I1, I3 and I7
 * for the rest.
 *
 * - Nothing here is a transaction that a caller holds: each call is one promise, kept or not kept as a whole.
 *   A store without multi-document transactions keeps it by order and idempotency; so no cursor, lock or
 *   transaction survives an await, and no row grows with recipients or attempts.
 * - Octets are named by {@link BlobRef}; rows stay small.
 * - Evidence, accounts, indexes and payloads are opaque octets with keys.
 * - Time is passed in, in milliseconds since 1970 UTC.
 *
 * Failures are {@link StoreError}; a write that failed with `UNAVAILABLE` may or may not have happened and is
 * to be repeated with the same key. Whoever repeats it, also after another process died in it, completes it.
 */
import type { BlobRef, BlobStore, StagedBlob } from './port-blobs.ts'
import type { ChainStore } from './port-chain.ts'
import type { StoreCopy } from './port-copy.ts'
import type { MailboxStore } from './port-mailboxes.ts'
import type { NewWork, WorkStore } from './port-work.ts'

export * from './port-blobs.ts'
export type * from './port-chain.ts'
export * from './port-copy.ts'
export type * from './port-mailboxes.ts'
export * from './port-work.ts'

export interface Store extends AsyncDisposable {
  readonly blobs: BlobStore
  readonly work: WorkStore
  readonly mailboxes: MailboxStore
  readonly chain: ChainStore
  readonly accounts: DocumentStore
  /** Peers that the operator added beside those of the configuration. */
  readonly peers: DocumentStore
  /** What an account has paid for and not used up yet. */
  readonly purses: DocumentStore
  /** What is set aside for messages whose outcome is not known yet. */
  readonly reservations: DocumentStore
  /** Lines of the purses' books: each is written once and never again. */
  readonly ledger: DocumentStore
  /** The KEP directory (KEP rehberi): entries, and the rows by which they are found. */
  readonly listings: DocumentStore
  /** Legal holds: what may not be purged, by whose order. */
  readonly holds: DocumentStore
  /** Which accepted message it is that lies in a mailbox of its sender. */
  readonly filed: DocumentStore
  /** What accounts note about their mailboxes: METADATA entries, keywords in use. */
  readonly annotations: DocumentStore
  /** What was made up once at random and is told to nobody. */
  readonly secrets: DocumentStore
  readonly copy: StoreCopy

  /**
   * The only write before 250: the message, its envelope and the work that follows from it become durable
   * together. A dedup key that was used since `dedup.notBefore` answers with the intake that used it, and
   * nothing is written. Repeated with the same id it writes nothing and answers as the first time.
   */
  accept(intake: NewIntake): Promise<{ duplicateOf: string | undefined }>
  intake(id: string): Promise<IntakeRow | undefined>
  /**
   * From now on no message is accepted under this id: `accept` fails with VOIDED. False where one was, and then nothing is
   * changed. Repeated, it answers as the first time.
   */
  voidIntake(id: string): Promise<boolean>
  /** Intakes that carry this name (Message-ID of the user or of ours); newest first, at most 100. */
  intakesNamed(name: string): Promise<IntakeRow[]>
  /**
   * Intakes that were accepted before this time, whose octets are still kept and of which no work waits; in order of
   * (at, id), after the given one.
   */
  finished(before: number, after: { at: number; id: string } | undefined, limit: number): Promise<IntakeRow[]>
  /**
   * Its keeper lets go of the message: false where some of its work is not done, or there is no such intake. The row stays
   * with hash and size, names and record, and so does what its work decided. Repeated, it answers as the first time.
   */
  purge(intake: string): Promise<boolean>

  /** Octets where bodies are kept, for the refusal of mail before the disk is full (I11). */
  space(): Promise<{ free: number; total: number }>
}

export interface NewIntake {
  readonly id: string
  readonly at: number
  readonly dedup?: { readonly key: string; readonly notBefore: number }
  /** undefined where only the refusal is kept, not the message. */
  readonly body: BlobRef | undefined
  readonly envelope: BlobRef
  /** Other names under which a person may look for it. */
  readonly names: readonly string[]
  /** Staged blobs that become durable in the same write: the body is kept by the intake, all others by the archive. */
  readonly staged: readonly StagedBlob[]
  /** The first work, of which all other work is spawned. */
  readonly first: NewWork
}

export interface IntakeRow {
  readonly id: string
  readonly at: number
  readonly body: BlobRef | undefined
  readonly envelope: BlobRef
  /** Its message is not kept any more, see {@link Store.purge}; a mailbox may keep it still. */
  readonly purged: boolean
}

/** Documents of one kind; the store knows their key and version only. */
export interface DocumentStore {
  get(key: string): Promise<DocumentRow | undefined>
  /** Writes if the stored version is `expected` (0: there is none yet); answers whether it did. */
  put(key: string, document: string, expected: number): Promise<boolean>
  /** Removes it if the stored version is `expected`; answers whether it did. Its versions begin anew. */
  remove(key: string, expected: number): Promise<boolean>
  /** In order of the keys' UTF-8 octets, after `after`. */
  list(after: string, limit: number): Promise<DocumentRow[]>
}

export interface DocumentRow {
  readonly key: string
  readonly version: number
  readonly document: string
}

export type StoreFailure =
  /** The back end did not answer: repeat with the same key. */
  | 'UNAVAILABLE'
  /** No room is left for it; nothing was written. */
  | 'FULL'
  /** Written by a newer version of this program. */
  | 'NEWER_SCHEMA'
  /** Octets are gone or are not the octets that were stored. */
  | 'CORRUPT'
  | 'BLOB_TOO_LARGE'
  | 'NO_SUCH_BLOB'
  | 'NO_SUCH_MAILBOX'
  | 'MAILBOX_EXISTS'
  | 'STALE_FENCE'
  /** Entries that do not follow the head of their chain, or an event id that it holds already. */
  | 'CHAIN_CONFLICT'
  | 'TOO_LARGE_A_ROW'
  /** The intake's id was given up by {@link Store.voidIntake}. */
  | 'VOIDED'
  /** It holds something already, and what was asked for needs an empty one. */
  | 'NOT_EMPTY'
  /** It is to be filled with a copy, and was not filled to the end yet. */
  | 'BEING_FILLED'
  /** Another process has it open, and what was asked for needs one that nobody uses. */
  | 'IN_USE'
  | 'CLOSED'

export class StoreError extends Error {
  readonly code: StoreFailure
  constructor(code: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}
