/**
 * The one thread that writes. It drains its port and commits everything it found as one transaction, one
 * savepoint a request, so that sixty-four connections share one fsync (group commit) and a failing request
 * takes nothing with it. Replies leave after the commit: what was answered is durable (I1).
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { StoreKeys } from '../encryption/store-key.ts'
import type { WriteReply, WriteRequest } from './operations.ts'
import { WriterDatabase, type WriterSettings } from './writer-database.ts'

/** More in one commit makes the first wait longer than the fsync it saves. */
const MAX_BATCH = 256

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')

interface WriterData extends Omit<WriterSettings, 'keys'> {
  readonly keys: readonly Uint8Array[]
  readonly checkpointer: MessagePort
}

const { keys, checkpointer, ...settings }: WriterData = workerData
const database = await WriterDatabase.open({
  ...settings,
  keys: keys.length === 0 ? undefined : new StoreKeys(keys),
})
/** One look at a time; a second one would find what the first finds. */
let asked = false
checkpointer.on('message', () => {
  asked = false
  database.beginLogAnew()
})
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
  if (batch.length > 0) {
    const replies: WriteReply[] = database.commit(batch)
    for (const reply of replies) port.postMessage(reply)
    if (database.hasLongLog() && !asked) {
      asked = true
      checkpointer.postMessage('carry over')
    }
  }
  if (closing) {
    database.close()
    checkpointer.postMessage('close')
    checkpointer.close()
    port.close()
  }
})
