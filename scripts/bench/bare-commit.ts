/**
 * A thread that does nothing but SQLite: the rows of an acceptance into tables without any index but their keys, as many
 * as wait in one commit. What the store adds to it (decisions, keepers, work, replies) is what the ratio shows.
 */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'

export interface BareAccept {
  readonly id: string
  readonly body: Uint8Array
  readonly envelope: Uint8Array
}

/** As the store's. */
const MAX_BATCH = 256

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')
const { file }: { file: string } = workerData

const db = new DatabaseSync(file)
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000')
db.exec(`
  CREATE TABLE blobs (hash TEXT PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE kept (hash TEXT, keeper TEXT, PRIMARY KEY (hash, keeper)) WITHOUT ROWID;
  CREATE TABLE intakes (id TEXT PRIMARY KEY, at INTEGER, dedup TEXT UNIQUE, body TEXT, envelope TEXT) WITHOUT ROWID;
  CREATE TABLE names (name TEXT, at INTEGER, intake TEXT, PRIMARY KEY (name, at, intake)) WITHOUT ROWID;
  CREATE TABLE work (intake TEXT, slot TEXT, due INTEGER, payload TEXT, PRIMARY KEY (intake, slot)) WITHOUT ROWID;
`)
const blob = db.prepare('INSERT INTO blobs VALUES (?, ?)')
const kept = db.prepare('INSERT INTO kept VALUES (?, ?)')
const intake = db.prepare('INSERT INTO intakes VALUES (?, ?, ?, ?, ?)')
const name = db.prepare('INSERT INTO names VALUES (?, ?, ?)')
const work = db.prepare('INSERT INTO work VALUES (?, ?, ?, ?)')

function insert({ id, body, envelope }: BareAccept): void {
  blob.run(`b${id}`, body)
  blob.run(`e${id}`, envelope)
  kept.run(`b${id}`, `intake/${id}`)
  kept.run(`e${id}`, 'archive')
  intake.run(id, 1, `d${id}`, `b${id}`, `e${id}`)
  name.run(`<${id}@bench.example>`, 1, id)
  name.run(`<${id}@user.example>`, 1, id)
  work.run(id, 'submission', 1, '{}')
}

port.on('message', (first: BareAccept) => {
  const batch = [first]
  while (batch.length < MAX_BATCH) {
    const next: { message: BareAccept } | undefined = receiveMessageOnPort(port)
    if (next === undefined) break
    batch.push(next.message)
  }
  db.exec('BEGIN IMMEDIATE')
  for (const one of batch) insert(one)
  db.exec('COMMIT')
  for (const { id } of batch) port.postMessage(id)
})
