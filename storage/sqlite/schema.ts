import { StoreError } from '../port.ts'
import { type Database, number } from './database.ts'
import { findKeepers } from './find-keepers.ts'

/**
 * Numbered migrations: the file's `user_version` says how many were applied. A step is never edited once it was
 * released; a file with more steps than we know is refused, because we cannot know what they promise.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE blobs (hash TEXT PRIMARY KEY, bytes BLOB NOT NULL);

  CREATE TABLE intakes (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, dedup TEXT UNIQUE,
    body TEXT, body_size INTEGER, envelope TEXT NOT NULL, envelope_size INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE names (name TEXT NOT NULL, at INTEGER NOT NULL, intake TEXT NOT NULL, PRIMARY KEY (name, at, intake)) WITHOUT ROWID;

  CREATE TABLE work (
    intake TEXT NOT NULL, recipient INTEGER NOT NULL, slot TEXT NOT NULL, kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', due INTEGER NOT NULL, leased_until INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, error TEXT, payload TEXT NOT NULL,
    PRIMARY KEY (intake, recipient, slot)
  ) WITHOUT ROWID;
  CREATE INDEX work_due ON work (kind, due) WHERE state = 'pending';
  CREATE INDEX work_held ON work (kind, due) WHERE state = 'held';

  CREATE TABLE mailboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, name TEXT NOT NULL, special_use TEXT,
    fixed INTEGER NOT NULL, uid_validity INTEGER NOT NULL, uid_next INTEGER NOT NULL DEFAULT 1,
    modseq INTEGER NOT NULL DEFAULT 1, total INTEGER NOT NULL DEFAULT 0, unseen INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, UNIQUE (account, name)
  );
  CREATE TABLE subscriptions (account TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (account, name)) WITHOUT ROWID;

  -- What every command touches, narrow: the index beside it would make each flag change rewrite kilobytes.
  CREATE TABLE messages (
    mailbox INTEGER NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE, uid INTEGER NOT NULL,
    modseq INTEGER NOT NULL, flags INTEGER NOT NULL, keywords TEXT NOT NULL, size INTEGER NOT NULL,
    date INTEGER NOT NULL, saved INTEGER NOT NULL, body TEXT NOT NULL, body_size INTEGER NOT NULL,
    origin TEXT NOT NULL, delivery TEXT, op_id TEXT NOT NULL, join_key TEXT, PRIMARY KEY (mailbox, uid)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX messages_op ON messages (mailbox, op_id);
  CREATE UNIQUE INDEX messages_join ON messages (mailbox, join_key) WHERE join_key IS NOT NULL;
  CREATE INDEX messages_modseq ON messages (mailbox, modseq);
  CREATE TABLE indexes (
    mailbox INTEGER NOT NULL, uid INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (mailbox, uid),
    FOREIGN KEY (mailbox, uid) REFERENCES messages (mailbox, uid) ON DELETE CASCADE
  );
  CREATE TABLE vanished (
    mailbox INTEGER NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE, modseq INTEGER NOT NULL, uid INTEGER NOT NULL,
    PRIMARY KEY (mailbox, modseq, uid)
  ) WITHOUT ROWID;

  CREATE TABLE leases (name TEXT PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE chain (
    chain TEXT NOT NULL, seq INTEGER NOT NULL, event_id TEXT NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL,
    sha512 BLOB NOT NULL, bytes BLOB NOT NULL, intake TEXT, meta TEXT NOT NULL, at INTEGER NOT NULL,
    keep_until INTEGER NOT NULL, PRIMARY KEY (chain, seq), UNIQUE (chain, event_id)
  );
  CREATE INDEX chain_intake ON chain (chain, intake, seq);
  CREATE INDEX chain_at ON chain (chain, at, seq);
  CREATE TABLE parties (chain TEXT NOT NULL, party TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (chain, party, seq)) WITHOUT ROWID;

  CREATE TABLE accounts (address TEXT PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;
  `,
  `
  -- What was appended once is not appended again, also when it has gone since.
  ALTER TABLE vanished ADD COLUMN op_id TEXT;
  CREATE UNIQUE INDEX vanished_op ON vanished (mailbox, op_id) WHERE op_id IS NOT NULL;
  CREATE INDEX work_leased ON work (due, leased_until) WHERE state = 'pending' AND leased_until > 0;
  `,
  // `due` moves with every retry; how long something has waited is told by `since`. Only the few rows that are
  // being retried are indexed by it.
  `
  ALTER TABLE work ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
  UPDATE work SET since = due;
  CREATE INDEX work_retried ON work (kind, since) WHERE state = 'pending' AND due > since;
  `,
  // Documents of several kinds, and rows of work that stand in a queue of their own.
  `
  CREATE TABLE documents (
    collection TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (collection, key)
  ) WITHOUT ROWID;
  INSERT INTO documents SELECT 'account', address, version, document FROM accounts;
  DROP TABLE accounts;
  ALTER TABLE work ADD COLUMN queue TEXT;
  CREATE INDEX work_queue ON work (queue, due) WHERE queue IS NOT NULL AND state = 'pending';
  CREATE INDEX work_queue_held ON work (queue) WHERE queue IS NOT NULL AND state = 'held';
  `,
  // Ids under which nothing is accepted any more.
  `
  CREATE TABLE voided (id TEXT PRIMARY KEY) WITHOUT ROWID;
  `,
  // Who keeps which octets, and the segments of the chains.
  `
  ALTER TABLE blobs RENAME TO inline_blobs;
  CREATE TABLE blobs (
    hash TEXT PRIMARY KEY, size INTEGER NOT NULL, file TEXT, bytes BLOB, sealed INTEGER NOT NULL DEFAULT 0
  );
  INSERT INTO blobs (hash, size, bytes) SELECT hash, length(bytes), bytes FROM inline_blobs;
  DROP TABLE inline_blobs;
  CREATE TABLE kept (hash TEXT NOT NULL, keeper TEXT NOT NULL, key BLOB, PRIMARY KEY (hash, keeper)) WITHOUT ROWID;
  CREATE INDEX kept_by ON kept (keeper, hash) WHERE keeper <> 'archive'; -- which lets nothing go
  DROP INDEX work_retried;
  CREATE INDEX work_retried ON work (kind, since, due) WHERE state = 'pending' AND due > since;
  CREATE TABLE unkept (hash TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE INDEX messages_body ON messages (mailbox, body);
  ALTER TABLE indexes ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE intakes ADD COLUMN purged INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX intakes_at ON intakes (at, id) WHERE purged = 0;
  CREATE TABLE segments (
    chain TEXT NOT NULL, up_to INTEGER NOT NULL, first INTEGER NOT NULL, body TEXT NOT NULL,
    body_size INTEGER NOT NULL, seal BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (chain, up_to)
  ) WITHOUT ROWID;
  `,
  // With rows of their own, so that who has none is told by the key alone.
  `
  CREATE TABLE text_filters (
    mailbox INTEGER NOT NULL, uid INTEGER NOT NULL, bytes BLOB NOT NULL, sealed INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uid),
    FOREIGN KEY (mailbox, uid) REFERENCES messages (mailbox, uid) ON DELETE CASCADE
  );
  `,
]

/** What a step cannot say in SQL, after it and in its transaction. */
const afterwards: Readonly<Record<number, (db: Database, folder: string) => void>> = { 5: findKeepers }

export const SCHEMA_VERSION = MIGRATIONS.length

/** Brings the file to the version of this program; each step is one transaction. `now` seeds the UIDVALIDITY counter. */
export function migrate(db: Database, folder: string, now: number): void {
  const version = number(db.get('PRAGMA user_version') ?? {}, 'user_version')
  if (version > SCHEMA_VERSION)
    throw new StoreError(
      'NEWER_SCHEMA',
      `the database has schema ${version}, this program knows ${SCHEMA_VERSION}: start the newer program, or restore a backup`,
    )
  for (let step = version; step < SCHEMA_VERSION; step++) {
    db.exec('BEGIN IMMEDIATE')
    db.exec(MIGRATIONS[step] ?? '')
    if (step === 0) db.run(`INSERT INTO counters VALUES ('uid_validity', ?)`, Math.floor(now / 1000))
    afterwards[step]?.(db, folder)
    db.exec(`PRAGMA user_version = ${step + 1}`)
    db.exec('COMMIT')
  }
}
