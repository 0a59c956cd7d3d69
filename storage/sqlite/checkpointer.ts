/**
 * The thread that carries the log over into the database, so that the one that writes never waits for it (measured: nearly
 * twice the commits a second). While somebody reads an old state the log cannot begin anew and grows; see `writer-database`
 * for where that ends.
 */
import { type MessagePort, workerData } from 'node:worker_threads'
import { Database, number } from './database.ts'
import type { WriterLimits } from './writer-limits.ts'

/**
 * Longer than our own reads take, ms. Whoever asks for a moment without readers keeps the writer waiting too: a foreign
 * reader that stays must not hold up all mail.
 */
const PATIENCE_MS = 1_000

interface CheckpointerData {
  readonly file: string
  readonly limits: WriterLimits
  readonly writer: MessagePort
}

const { file, limits, writer }: CheckpointerData = workerData
const db = new Database(file, 'checkpointer')
db.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`)

writer.on('message', (message: 'carry over' | 'close') => {
  if (message === 'close') {
    db.close()
    writer.close()
    return
  }
  carryOver()
  writer.postMessage('carried over')
})

/** Where a moment without readers did not come it is not waited for again until the log has grown by as much once more, or is full. */
let restartAt = limits.beginAnewAt

function carryOver(): void {
  try {
    const { pages } = checkpoint('PASSIVE')
    if (pages < restartAt) return
    restartAt = limits.beginAnewAt
    if (checkpoint('RESTART').isBusy) restartAt = Math.min(pages + limits.beginAnewAt, limits.mostPages)
  } catch {
    // The log stays as it is and is carried over another time; should the disk be the cause, the writer meets it too.
  }
}

function checkpoint(mode: 'PASSIVE' | 'RESTART'): { pages: number; isBusy: boolean } {
  const row = db.get(`PRAGMA wal_checkpoint(${mode})`) ?? {}
  return { pages: number(row, 'log'), isBusy: number(row, 'busy') !== 0 }
}
