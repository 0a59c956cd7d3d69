import type { BlobRef, StagedBlob } from './port-blobs.ts'

export interface MailboxRow {
  readonly id: string
  readonly account: string
  /** Decoded name; hierarchy separator `/`. */
  readonly name: string
  /** `\Sent` and so on. [RFC 6154 §2] */
  readonly specialUse: string | undefined
  readonly uidValidity: number
  /** Made by the provider: the server neither deletes nor renames it. */
  readonly fixed: boolean
}

/** [RFC 9051 §2.3.1.1] [RFC 7162 §3.1.2] */
export interface MailboxHead {
  readonly uidValidity: number
  readonly uidNext: number
  /** Of the last change of any kind. */
  readonly modseq: number
  readonly exists: number
  readonly unseen: number
  readonly deleted: number
  /** Octets of all messages. */
  readonly bytes: number
}

/** Who put the message there: what came through the pipeline is told apart from what a client wrote. */
export type Origin = 'pipeline' | 'client'

/** Ties a message to its delivery, and says which octets must not leave before the retrieval is durable. */
export interface DeliveryLink {
  readonly intake: string
  readonly recipient: number
  /** The original beyond its headers, as offsets in the dispatch. */
  readonly contentStart: number
  readonly contentEnd: number
}

export interface MessageRow {
  readonly uid: number
  readonly modseq: number
  /** System flags and keywords as written by the first who used them. */
  readonly flags: readonly string[]
  readonly size: number
  /** INTERNALDATE, ms. */
  readonly date: number
  /** When it was put into this mailbox, ms. [RFC 8514 §2] */
  readonly saved: number
  readonly body: BlobRef
  readonly origin: Origin
  readonly delivery: DeliveryLink | undefined
}

/** What of a message changes. */
export type MessageMarks = Pick<MessageRow, 'uid' | 'modseq' | 'flags'>

export interface NewMessage {
  /** Unique in its mailbox. Appending it again answers with the first message, also when that has gone since. */
  readonly opId: string
  /** Kept by the mailbox while a message of it has this body. Not staged, somebody has to keep it already: NO_SUCH_BLOB. */
  readonly body: BlobRef
  readonly staged: readonly StagedBlob[]
  /** The MIME index, kept beside the message. */
  readonly index: Uint8Array
  readonly flags: readonly string[]
  readonly date: number
  readonly saved: number
  readonly origin: Origin
  readonly delivery?: DeliveryLink
  /** Two appends with the same key in one mailbox are one message while the first is there; copies have no key. */
  readonly joinKey?: string
}

export interface Appended {
  readonly uid: number
  readonly uidValidity: number
  readonly modseq: number
  /** False where it joined a message that was already there. */
  readonly added: boolean
}

export interface FlagChange {
  readonly mode: 'add' | 'remove' | 'replace'
  readonly flags: readonly string[]
  /** Messages changed after this modseq are left alone. [RFC 7162 §3.1.3] */
  readonly unchangedSince?: number
  /** Flags that are one of these, or begin so, in any case, are neither set nor cleared. */
  readonly kept?: readonly string[]
  /** Nobody looks at the rows: they may be counted in place of being told. */
  readonly unseen?: true
}

/** What is other in the flags of a message once it is where it goes. */
export interface FlagsOnTheWay {
  /** Flags that are one of these, or begin so, in any case. */
  readonly lost: readonly string[]
  readonly gained: readonly string[]
}

export interface Stored {
  /** Modseq of the mailbox in front of the change: who knows another one has not heard of all that was there. */
  readonly before: number
  /** Rows as they are now. */
  readonly changed: readonly MessageRow[]
  /** Those newer than unchangedSince. */
  readonly refused: readonly number[]
  /** Messages that were there and are not in `changed`, where rows need not be told. */
  readonly counted?: Counted
}

export interface Counted {
  readonly messages: number
  /** Modseq of the change, which nothing else has; as {@link Stored.before} where nothing changed. */
  readonly after: number
}

export interface Changes {
  readonly modseq: number
  readonly changed: MessageRow[]
  readonly vanished: number[]
}

/**
 * All uid lists are ascending and without duplicates. Changes of a mailbox that is not there fail with
 * NO_SUCH_MAILBOX; reading it finds nothing, and `changes` fails.
 */
export interface MailboxStore {
  create(
    account: string,
    name: string,
    options: { specialUse?: string; fixed?: boolean },
  ): Promise<MailboxRow>
  /**
   * Deletes the mailbox and its messages; names below it stay. False, and nothing is done, where messages came since its
   * `uidNext` was this.
   */
  delete(id: string, uidNext?: number): Promise<boolean>
  /** Renames it and every name below it, all or none: MAILBOX_EXISTS. INBOX is the server's business. */
  rename(id: string, name: string): Promise<void>
  list(account: string): Promise<MailboxRow[]>
  byName(account: string, name: string): Promise<MailboxRow | undefined>
  subscribe(account: string, name: string, subscribed: boolean): Promise<void>
  subscriptions(account: string): Promise<string[]>

  head(mailbox: string): Promise<MailboxHead | undefined>
  /** All UIDs, ascending. */
  uids(mailbox: string): Promise<Uint32Array>
  /** Rows with uid > after, ascending: a page of a walk through everything. */
  page(mailbox: string, afterUid: number, limit: number): Promise<MessageRow[]>
  /** As `page`, for who walks through a whole mailbox and asks for no more. */
  marks(mailbox: string, afterUid: number, limit: number): Promise<MessageMarks[]>
  /** Rows of these UIDs where they still exist. */
  rows(mailbox: string, uids: readonly number[]): Promise<MessageRow[]>
  /** Messages of an account that have this body (its hash), wherever they lie; about the first hundred. */
  ofBody(account: string, hash: string): Promise<PlacedMessage[]>
  /** The MIME index of one message. */
  index(mailbox: string, uid: number): Promise<Uint8Array | undefined>
  /** By UID, of those that are there. */
  indexes(mailbox: string, uids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>>
  /** Text filters by UID, of those messages that are there and have one: see {@link MailboxStore.setTextFilters}. */
  textFilters(mailbox: string, uids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>>
  /**
   * Octets beside a message by which a search can tell that it holds a text not; copies take them along. They may be lost at
   * any time and are made again: no copy of the store has them. Nobody is told, and a message that is gone stays so.
   */
  setTextFilters(mailbox: string, filters: ReadonlyMap<number, Uint8Array>): Promise<void>
  /** Which of the next `limit` messages after `afterUid` have no text filter. */
  withoutTextFilter(mailbox: string, afterUid: number, limit: number): Promise<WithoutTextFilter>
  /** Answers how many there were. */
  clearTextFilters(mailbox: string): Promise<number>
  /**
   * What changed after `since`, about `limit` rows in order of modseq; `modseq` says how far it goes. All that one
   * change did has one modseq and is told in one piece, however much that is.
   */
  changes(mailbox: string, since: number, limit: number): Promise<Changes>

  append(mailbox: string, message: NewMessage): Promise<Appended>
  /** Several in one change, in this order: all or none. */
  appendAll(mailbox: string, messages: readonly NewMessage[]): Promise<Appended[]>
  /**
   * Puts a message into `to` and takes another out of `from`, whatever flags that one has: both or neither, with both to be
   * seen for a moment where they are in two mailboxes. undefined, and nothing is written, where the other is not there.
   * Repeated with the same operation id it answers as the first time.
   */
  replace(from: string, uid: number, to: string, message: NewMessage): Promise<Appended | undefined>
  store(mailbox: string, uids: readonly number[], change: FlagChange): Promise<Stored>
  /** Raises the modseq, since something that is noted of the mailbox elsewhere changed: who goes by it looks again. */
  touch(mailbox: string): Promise<void>
  /** Removes those of the UIDs that carry \Deleted; answers which. */
  expunge(mailbox: string, uids: readonly number[]): Promise<number[]>
  /** Pairs of old and new UID in order of the old. Origin, delivery and flags go along. Not to be repeated blindly. */
  copy(
    from: string,
    uids: readonly number[],
    to: string,
    saved: number,
    change?: FlagsOnTheWay,
  ): Promise<CopyResult>
  /** As copy. A message may be seen in both mailboxes for a moment, never in none. */
  move(
    from: string,
    uids: readonly number[],
    to: string,
    saved: number,
    change?: FlagsOnTheWay,
  ): Promise<CopyResult>

  /** A hint that a mailbox changed; the truth is changes(). */
  watch(listener: (mailbox: string) => void): () => void
}

export interface WithoutTextFilter {
  /** Ascending. */
  readonly uids: readonly number[]
  /** The last message that was looked at, with a filter or without; undefined where none comes after that. */
  readonly next: number | undefined
}

export interface PlacedMessage {
  readonly mailbox: string
  readonly row: MessageRow
}

export interface CopyResult {
  readonly uidValidity: number
  readonly pairs: readonly (readonly [from: number, to: number])[]
}
