import { StoreError } from '../port.ts'
import { COLLECTIONS } from '../port-copy.ts'
import type { Database } from './database.ts'
import { number } from './fields.ts'

/** Grows when a program that knows less could not read what is written, or could break it. */
export const SCHEMA_VERSION = 1

interface Layout {
  readonly name: string
  /** By which it may be sharded: every filter names it, and no unique value reaches beyond it. */
  readonly shardKey: string | undefined
  readonly indexes: readonly {
    readonly keys: Readonly<Record<string, 1 | -1>>
    readonly unique?: true
    /** Holds only those documents that have the field: few, or none. */
    readonly sparse?: true
  }[]
}

/**
 * Every collection, with what it holds and how it may be sharded. Unique indexes cover all documents of their collection,
 * so that no planner has to be convinced of a condition.
 */
export const layouts: readonly Layout[] = [
  /** {_id: 'schema', version}; {_id: 'filling'} and {_id: 'open/<process>'}, see filling.ts. */
  { name: 'meta', shardKey: undefined, indexes: [] },
  /** {_id: 'uidValidity' | 'mailbox', value}: two documents. */
  { name: 'counters', shardKey: undefined, indexes: [] },
  /**
   * One document an acceptance, some hundred octets. Its dedup key has to be unique over all, and so it stays on one shard;
   * one that is not looked for by a key has its own id there.
   */
  {
    name: 'intakes',
    shardKey: undefined,
    indexes: [
      { keys: { dedup: 1 }, unique: true },
      { keys: { names: 1, at: -1 } },
      { keys: { purged: 1, at: 1, _id: 1 } },
      { keys: { unfinished: 1 }, sparse: true },
    ],
  },
  /** {_id: intake, recipient, slot}: one document a row of work; the id sorts as the three do. */
  {
    name: 'work',
    shardKey: 'intake',
    indexes: [
      { keys: { intake: 1, state: 1, _id: 1 } },
      { keys: { queue: 1, state: 1, kind: 1, leaseMs: 1, due: 1 } },
      { keys: { queue: 1, state: 1, leaseMs: 1, due: 1 } },
      { keys: { queue: 1, state: 1, _id: 1 } },
      { keys: { state: 1, retried: 1, due: 1, kind: 1, since: 1 } },
    ],
  },
  /** {_id: account}: the names of all mailboxes of an account, so that renaming a subtree is one write. */
  { name: 'trees', shardKey: '_id', indexes: [] },
  { name: 'subscriptions', shardKey: 'account', indexes: [{ keys: { account: 1, name: 1 } }] },
  /** {_id: mailbox}: its head, and the change that was begun. */
  {
    name: 'mailboxes',
    shardKey: '_id',
    indexes: [
      { keys: { unfinished: 1 }, sparse: true },
      { keys: { goneAt: 1 }, sparse: true },
      { keys: { touched: 1 } },
    ],
  },
  /** {_id: mailbox, uid}: what every command touches, tombstones too; narrow. */
  {
    name: 'messages',
    shardKey: 'mailbox',
    indexes: [
      { keys: { mailbox: 1, opId: 1 }, unique: true },
      { keys: { mailbox: 1, gone: 1, uid: 1, modseq: 1 } },
      { keys: { mailbox: 1, modseq: 1, uid: 1 } },
      { keys: { mailbox: 1, hash: 1, gone: 1 } },
      { keys: { join: 1 }, sparse: true },
    ],
  },
  /** {_id: mailbox, uid}: the MIME index, apart from what changes. */
  {
    name: 'indexes',
    shardKey: 'mailbox',
    indexes: [{ keys: { mailbox: 1 } }, { keys: { goneAt: 1 }, sparse: true }],
  },
  /** {_id: plan, slice}: changes that are too large for a mailbox document. */
  { name: 'plans', shardKey: 'mailbox', indexes: [{ keys: { mailbox: 1 } }, { keys: { at: 1 } }] },
  /** {_id: hash}: one blob, its octets too where they are few. */
  { name: 'blobs', shardKey: '_id', indexes: [{ keys: { loose: 1 }, sparse: true }] },
  /** {_id: file, n}: a piece of a large blob. */
  { name: 'chunks', shardKey: 'file', indexes: [{ keys: { file: 1 } }] },
  /** {_id: file}: files that no blob may name yet, or none any more. */
  { name: 'staging', shardKey: '_id', indexes: [{ keys: { at: 1 } }] },
  /** {_id: hash, keeper}: who keeps a blob, with the blob's key as it was wrapped for this keeper. */
  {
    name: 'keepers',
    shardKey: 'hash',
    indexes: [{ keys: { hash: 1 } }, { keys: { keeper: 1 } }, { keys: { claimedAt: 1 }, sparse: true }],
  },
  { name: 'leases', shardKey: undefined, indexes: [] },
  /** {_id: chain}: up to where the chain can be seen, and whose turn it is. */
  { name: 'heads', shardKey: '_id', indexes: [] },
  /** {_id: attempt, seq} */
  {
    name: 'entries',
    shardKey: 'chain',
    indexes: [
      { keys: { chain: 1, seq: 1 }, unique: true },
      { keys: { chain: 1, eventId: 1 }, unique: true },
      { keys: { chain: 1, intake: 1, seq: 1 } },
      { keys: { chain: 1, parties: 1, seq: 1 } },
      { keys: { chain: 1, at: 1, seq: 1 } },
    ],
  },
  /** {_id: attempt} */
  { name: 'segments', shardKey: 'chain', indexes: [{ keys: { chain: 1, from: 1 }, unique: true }] },
  ...COLLECTIONS.map((name) => ({ name, shardKey: '_id', indexes: [] })),
]

/** Those that hold records: the others have what is known of the database itself, and numbers that only grow. */
export const recordLayouts = layouts.filter(({ name }) => !['meta', 'counters', 'leases'].includes(name))

/** True where no record but counters is there. */
export async function isEmpty(database: Database): Promise<boolean> {
  for (const { name } of recordLayouts)
    if ((await database.collection(name).get({}, { _id: 1 })) !== undefined) return false
  return true
}

/** Makes what is missing; `now` seeds the UIDVALIDITY counter. Many may do so at once. */
export async function migrate(database: Database, now: number): Promise<void> {
  const meta = database.collection('meta')
  const found = await meta.get({ _id: 'schema' })
  const version = found === undefined ? 0 : number(found, 'version')
  if (version > SCHEMA_VERSION)
    throw new StoreError(
      'NEWER_SCHEMA',
      `the database has schema ${version}, this program knows ${SCHEMA_VERSION}: start the newer program, or restore a backup`,
    )
  if (version === SCHEMA_VERSION) return
  for (const { name, indexes } of layouts)
    for (const { keys, ...options } of indexes) await database.collection(name).index(keys, options)
  const counters = database.collection('counters')
  // A name that comes back after a restore from nothing must not come back with an old UIDVALIDITY.
  await counters.insert({ _id: 'uidValidity', value: Math.floor(now / 1000) })
  await counters.insert({ _id: 'mailbox', value: 0 })
  await meta.insert({ _id: 'schema', version: SCHEMA_VERSION })
}
