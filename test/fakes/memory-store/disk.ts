import type {
  ChainEntry,
  DocumentRow,
  FlagsOnTheWay,
  IntakeRow,
  Keeper,
  MailboxHead,
  MailboxRow,
  MessageRow,
  NewMessage,
  NewWork,
  Segment,
  WorkRow,
} from '../../../storage/port.ts'

/** What outlives a process: collections of documents, nothing else. */
export class Disk {
  readonly blobs = new Map<string, Uint8Array>()
  readonly kept = new Map<string, { hash: string; keeper: Keeper }>()
  readonly intakes = new Map<string, IntakeDocument>()
  readonly work = new Map<string, WorkDocument>()
  readonly counters = new Map<string, { value: number }>()
  readonly trees = new Map<string, TreeDocument>()
  readonly boxes = new Map<string, BoxDocument>()
  readonly messages = new Map<string, MessageDocument>()
  readonly subscriptions = new Map<string, { account: string; name: string }>()
  readonly leases = new Map<string, { owner: string; token: number; until: number }>()
  readonly heads = new Map<string, { seq: number; token: number }>()
  readonly entries = new Map<string, EntryDocument>()
  readonly accounts = new Map<string, DocumentRow>()
  readonly peers = new Map<string, DocumentRow>()
  readonly purses = new Map<string, DocumentRow>()
  readonly reservations = new Map<string, DocumentRow>()
  readonly ledger = new Map<string, DocumentRow>()
  readonly listings = new Map<string, DocumentRow>()
  readonly holds = new Map<string, DocumentRow>()
  readonly filed = new Map<string, DocumentRow>()
  readonly annotations = new Map<string, DocumentRow>()
  readonly secrets = new Map<string, DocumentRow>()
  readonly segments = new Map<string, { chain: string; segment: Segment }>()
}

export interface IntakeDocument extends IntakeRow {
  readonly names: readonly string[]
  readonly dedup: string | undefined
  /** The first work, until it has a document of its own. */
  readonly first: NewWork | undefined
  /** Nothing is accepted under this id: it takes the id's place. */
  readonly voided?: true
}

export interface WorkDocument extends WorkRow {
  readonly fence: number
  readonly leasedUntil: number
}

/** All mailboxes of an account: renaming a subtree is one write. */
export interface TreeDocument {
  readonly rows: readonly MailboxRow[]
}

export interface BoxDocument extends MailboxHead {
  readonly id: string
  readonly account: string
  /** Grows with each write: the compare of every compare-and-set. */
  readonly version: number
  /** The change that was begun: whoever meets it completes it. */
  readonly pend: Pend | undefined
  /** A move that was begun: its messages are in both mailboxes, or in one. */
  readonly leaving: Leaving | undefined
  /** Deleted, its messages not yet all swept away. */
  readonly gone: boolean
}

/** Everything that is needed to complete a change, by value: applying it again changes nothing. */
export interface Pend {
  readonly opId: string
  /** What the documents of these messages become. */
  readonly puts: readonly MessageVersion[]
  /** What the mailbox becomes. */
  readonly head: MailboxHead
  readonly leaving: Leaving | undefined
}

export interface Leaving {
  readonly id: string
  readonly to: string
  readonly saved: number
  readonly uids: readonly number[]
  readonly change?: FlagsOnTheWay | undefined
  /** What comes there in their place. */
  readonly brings?: Arriving | undefined
}

/** A message that has no UID yet, its octets kept under a hold. */
export type Arriving = Omit<NewMessage, 'staged'>

export interface MessageVersion extends MessageRow {
  readonly opId: string
  readonly joinKey: string | undefined
  readonly index: Uint8Array
  readonly textFilter: Uint8Array | undefined
  /** A tombstone keeps UID and operation id. */
  readonly gone: boolean
}

export interface MessageDocument {
  readonly mailbox: string
  readonly now: MessageVersion
  /** For readers, until the change that wrote `now` is complete. */
  readonly before: MessageVersion | undefined
}

export interface EntryDocument {
  readonly chain: string
  readonly entry: ChainEntry
  readonly parties: readonly string[]
  /** Of the fence under which it was written. */
  readonly token: number
}
