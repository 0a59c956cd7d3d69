/**
 * The thread that carries the log over into the database, so that the one that writes never waits for it (measured: nearly
 * twice the commits a second). While somebody reads an old state the log cannot begin anew and grows; see `writer-database`
 * for where that ends.
 */
import { type MessagePort, workerData } from 'node:worker_threads'
import { Database } from './database.ts'

const { file, writer }: { file: string; writer: MessagePort } = workerData
const db = new Database(file, 'checkpointer')

writer.on('message', (message: 'carry over' | 'close') => {
  if (message === 'close') {
    db.close()
    writer.close()
    return
  }
  try {
    db.get('PRAGMA wal_checkpoint(PASSIVE)')
  } catch {
    // The log stays as it is and is carried over another time; should the disk be the cause, the writer meets it too.
  }
  writer.postMessage('carried over')
})
