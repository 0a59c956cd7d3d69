/**
 * The one thread that writes. It drains its port and commits everything it found as one transaction, one
 * savepoint a request, so that sixty-four connections share one fsync (group commit) and a failing request
 * takes nothing with it. Replies leave after the commit: what was answered is durable (I1).
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { StoreError } from '../port.ts'
import { Database } from './database.ts'
import { type WriteReply, type WriteRequest, writes } from './operations.ts'
import { migrate } from './schema.ts'
import { forgetLeases } from './work.ts'

/** More in one commit makes the first wait longer than the fsync it saves. */
const MAX_BATCH = 256

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')
const { file, now }: { file: string; now: number } = workerData

const db = new Database(file, 'writer')
migrate(db, now)
forgetLeases(db)
port.postMessage({ ready: true })

port.on('message', (first: WriteRequest | 'close') => {
  const batch: WriteRequest[] = []
  let closing = false
  for (let next: WriteRequest | 'close' | undefined = first; next !== undefined; ) {
    if (next === 'close') {
      closing = true
      break
    }
    batch.push(next)
    if (batch.length >= MAX_BATCH) break
    const received: { message: WriteRequest | 'close' } | undefined = receiveMessageOnPort(port)
    next = received?.message
  }
  if (batch.length > 0) commit(batch)
  if (closing) {
    db.close()
    port.close()
  }
})

function commit(batch: readonly WriteRequest[]): void {
  let replies: WriteReply[]
  try {
    db.exec('BEGIN IMMEDIATE')
    replies = batch.map(one)
    db.exec('COMMIT')
  } catch (error) {
    rollBack()
    replies = batch.map(({ id }) => ({ id, code: 'UNAVAILABLE', message: String(error) }))
  }
  for (const reply of replies) port?.postMessage(reply)
}

function one({ id, name, args }: WriteRequest): WriteReply {
  db.exec('SAVEPOINT request')
  try {
    const operation: (db: Database, ...rest: never[]) => unknown = writes[name]
    const value = operation(db, ...(args as never[]))
    db.exec('RELEASE request')
    return { id, value }
  } catch (error) {
    db.exec('ROLLBACK TO request')
    db.exec('RELEASE request')
    if (error instanceof StoreError) return { id, code: error.code, message: error.message }
    return { id, code: 'UNAVAILABLE', message: String(error) }
  }
}

function rollBack(): void {
  try {
    db.exec('ROLLBACK')
  } catch {
    // no transaction was open: BEGIN itself failed
  }
}
