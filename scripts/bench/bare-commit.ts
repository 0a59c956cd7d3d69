/**
 * A thread that does nothing but SQLite: the rows of an acceptance into the same tables, as many as wait in one commit. What
 * the store adds to it (staging, what is known already, savepoints, typed replies) is what the ratio shows.
 */
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { MIGRATIONS } from '../../storage/sqlite/schema.ts'

export interface BareAccept {
  readonly id: string
  readonly body: Uint8Array
  readonly envelope: Uint8Array
}

/** As the store's. */
const MAX_BATCH = 256
/** Nobody works on it. */
const NEVER = 8e15

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')
const { file }: { file: string } = workerData

const db = new DatabaseSync(file)
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000')
for (const step of MIGRATIONS) db.exec(step)
const blob = db.prepare('INSERT INTO blobs (hash, size, bytes) VALUES (?, ?, ?)')
const kept = db.prepare('INSERT INTO kept (hash, keeper) VALUES (?, ?)')
const intake = db.prepare(
  'INSERT INTO intakes (id, at, dedup, body, body_size, envelope, envelope_size) VALUES (?, 1, ?, ?, ?, ?, ?)',
)
const name = db.prepare('INSERT INTO names VALUES (?, 1, ?)')
const work = db.prepare(
  `INSERT INTO work (intake, recipient, slot, kind, due, since, payload) VALUES (?, 0, 'submission', 'accepted', ?, ?, '{}')`,
)

function insert({ id, body, envelope }: BareAccept): void {
  const [bodyHash, envelopeHash] = [hashOf(body), hashOf(envelope)]
  intake.run(id, id, bodyHash, body.length, envelopeHash, envelope.length)
  blob.run(bodyHash, body.length, body)
  blob.run(envelopeHash, envelope.length, envelope)
  kept.run(bodyHash, `intake/${id}`)
  kept.run(envelopeHash, 'archive')
  name.run(`<${id}@bench.example>`, id)
  name.run(`<${id}@user.example>`, id)
  work.run(id, NEVER, NEVER)
}

const hashOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

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
