/**
 * The thread that carries the log over into the database, so that the one that writes never waits for it (measured: nearly
 * twice the commits a second). While somebody reads an old state the log cannot begin anew and grows; see `writer-database`
 * for where that ends.
 */
import { type MessagePort, workerData } from 'node:worker_threads'
import { Database, number } from './database.ts'

/** What is in the log, in pages, after the last carry-over. */
export interface LogState {
  readonly pages: number
}

/**
 * A log that long does not begin anew by itself, because there is always a reader or a writer in it: 64 MiB. Then the writer
 * is made to wait for a moment in which nobody reads.
 */
const BEGIN_ANEW_AT = 16_384

const { file, writer }: { file: string; writer: MessagePort } = workerData
const db = new Database(file, 'checkpointer')

writer.on('message', (message: 'carry over' | 'close') => {
  if (message === 'close') {
    db.close()
    writer.close()
    return
  }
  writer.postMessage({ pages: carryOver() } satisfies LogState)
})

function carryOver(): number {
  try {
    const pages = checkpoint('PASSIVE')
    return pages >= BEGIN_ANEW_AT ? checkpoint('RESTART') : pages
  } catch {
    // The log stays as it is and is carried over another time; should the disk be the cause, the writer meets it too.
    return Number.NaN
  }
}

function checkpoint(mode: 'PASSIVE' | 'RESTART'): number {
  const row = db.get(`PRAGMA wal_checkpoint(${mode})`) ?? {}
  const [pages, carried] = [number(row, 'log'), number(row, 'checkpointed')]
  return pages === carried && number(row, 'busy') === 0 ? 0 : pages
}
