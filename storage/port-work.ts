/**
 * Everything that must happen after an acceptance is a row of work, keyed (intake, recipient, slot). Inserting a
 * key that exists does nothing: the first writer wins, and that is how an outcome is set once.
 */
export const WORK_KINDS = [
  /** The acceptance itself: evidence first, then everything else. */
  'accepted',
  /** An unsigned draft (its identifier and time fixed) that waits to be signed, stamped and archived. */
  'issue',
  /** The dispatch is composed and signed. */
  'envelope',
  /** The dispatch exists: one row a recipient. */
  'fanout',
  /** Into the mailbox of a local recipient. */
  'deliver',
  /** Through the relay to a peer; these rows stand in the peer's queue. */
  'send',
  /** What a peer's evidence says about a message of ours. */
  'evidence',
  /** A change of a mailbox that belongs to the message: a receipt, the filed original. */
  'mailboxOp',
  /** What was set aside for a recipient is settled with its outcome. */
  'charge',
  /** A deadline. */
  'timer',
  /** Word to a person that mail came; these rows stand in the queue of their channel. */
  'notify',
] as const
export type WorkKind = (typeof WORK_KINDS)[number]

export interface NewWork {
  readonly intake: string
  /** Position from 1 as evidence counts it; 0 for the message as a whole. */
  readonly recipient: number
  /** What this row decides for that recipient: `transport`, `reading`, … */
  readonly slot: string
  readonly kind: WorkKind
  /** Not before this time. */
  readonly due: number
  /** JSON of at most {@link MAX_PAYLOAD} octets; larger things are blobs and named here. */
  readonly payload: string
  /** Rows of a queue are claimed by its name alone, so that ten thousand rows for a dead peer stand in nobody's way. */
  readonly queue?: string | undefined
}

export type WorkKey = Pick<NewWork, 'intake' | 'recipient' | 'slot'>

/** A row must not grow with the message; what is larger has a blob of its own. */
export const MAX_PAYLOAD = 16_384

export interface WorkRow extends NewWork {
  readonly state: 'pending' | 'done' | 'held'
  /** When it was due first: retries move `due`, not this. */
  readonly since: number
  /** Failures in a row that were the work's own. */
  readonly attempts: number
  readonly error: string | undefined
}

export interface LeasedWork extends WorkRow {
  /** Proves to settle() that nobody else was given this row since. */
  readonly fence: number
}

export type WorkOutcome =
  | { readonly done: true; readonly spawn?: readonly NewWork[] }
  /** `blameless`: whatever it waits for is away, so it does not count as an attempt. */
  | { readonly retryAt: number; readonly error: string; readonly blameless?: boolean }
  /** Failed too often to go on unseen: alarms, and waits for a person. */
  | { readonly held: true; readonly error: string }

export interface WorkStore {
  /**
   * Idempotent by key; answers for each whether it was new. Each row stands for itself: after a failure some may be
   * there, and repeating the call inserts the others.
   */
  insert(rows: readonly NewWork[]): Promise<boolean[]>
  /**
   * Rows that are due and leased to nobody: kinds in the order given, the oldest first within each. Of one queue where
   * it is named, else of none.
   */
  claim(
    kinds: readonly WorkKind[],
    options: { now: number; limit: number; leaseMs: number; queue?: string | undefined },
  ): Promise<LeasedWork[]>
  /** Changes the payload of a row in work, before its step goes on; false where the row was given to another since. */
  note(row: LeasedWork, payload: string): Promise<boolean>
  /**
   * When `done` can be seen, all that it spawned can be. False where another was given the row, and then nothing was
   * written; only where it is given away during the call may what it spawned be there, as after a crash in it.
   */
  settle(row: LeasedWork, outcome: WorkOutcome): Promise<boolean>
  /** All rows of an intake in order of (recipient, slot), after the given one. */
  of(intake: string, after: { recipient: number; slot: string }, limit: number): Promise<WorkRow[]>
  get(intake: string, recipient: number, slot: string): Promise<WorkRow | undefined>
  /**
   * A person's or a peer's word about a row that nobody works on: due at another time and as if it had never failed, or
   * held. False where the row is in another state than `from`, or leased.
   */
  amend(key: WorkKey, from: WorkRow['state'], to: { due: number } | { held: string }): Promise<boolean>
  /** Rows of a queue that are not done, in order of key, after the given one. */
  queued(queue: string, after: WorkKey | undefined, limit: number): Promise<WorkRow[]>
  /** Every queue that has rows which are not done. */
  queues(): Promise<QueueState[]>
  /** Per kind and state: how many rows are due, leased, held or wait to be tried again, and since when the oldest. */
  backlog(now: number): Promise<Backlog[]>
  /**
   * The earliest time at which something is due and free, or its lease lapses; undefined where nothing waits. Of one
   * queue where it is named, else of all rows without one.
   */
  nextDue(queue?: string): Promise<number | undefined>
  /** A hint that something new may be due; the truth is claim(). */
  watch(listener: () => void): () => void
}

/** More rows of one kind are not counted: whoever has so many knows enough, and counting them all takes its time. */
export const BACKLOG_COUNTED = 20_000

export interface Backlog {
  readonly kind: WorkKind
  readonly state: 'pending' | 'held'
  /** At most {@link BACKLOG_COUNTED}. */
  readonly rows: number
  readonly oldestSince: number
}

export interface QueueState {
  readonly queue: string
  readonly pending: number
  readonly held: number
  /** Of the oldest row that is not held; undefined where all are. */
  readonly oldestSince: number | undefined
}
