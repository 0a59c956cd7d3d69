import { request } from 'node:http'
import { LineReader } from '../line-reader.ts'
import type { InputOf, OperationName, ResultOf } from '../operations/catalog.ts'
import type { Progress } from '../operations/operation.ts'
import { type ApiReply, MAX_REPLY_OCTETS, NDJSON, pathOf } from './wire.ts'

/** Nobody listens: no daemon runs on this data folder. */
export class NoDaemon extends Error {}

/** The daemon refused; code and message are the operation's. */
export class ControlRefusal extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'ControlRefusal'
    this.code = code
  }
}

/** Rejects with NoDaemon, ControlRefusal, or an Error where the connection breaks off before the answer. */
export function callControl<N extends OperationName>(
  path: string,
  operation: N,
  args: InputOf<N>,
  progress: Progress,
): Promise<ResultOf<N>> {
  const { promise, resolve, reject } = Promise.withResolvers<ResultOf<N>>()
  const body = JSON.stringify(args)
  const asked = request({
    socketPath: path,
    method: 'POST',
    path: pathOf(operation),
    headers: {
      Accept: NDJSON,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    },
  })
  asked.on('error', (error) => {
    const code = 'code' in error ? error.code : undefined
    reject(code === 'ENOENT' || code === 'ECONNREFUSED' ? new NoDaemon(path, { cause: error }) : error)
  })
  asked.on('response', (response) => {
    const reader = new LineReader(MAX_REPLY_OCTETS)
    const read = (octets: Buffer): void => {
      try {
        const lines = reader.push(octets)
        if (lines === undefined) throw new Error('the answer is longer than any answer can be')
        for (const line of lines) take(JSON.parse(line))
      } catch (error) {
        reject(error)
        asked.destroy()
      }
    }
    response.on('data', read)
    response.on('end', () => {
      if (response.headers['content-type'] !== NDJSON) read(Buffer.from('\n')) // one answer, without an end of line
      reject(new Error('the daemon ended its answer too early'))
    })
    response.on('error', reject)
  })
  asked.end(body)
  return promise

  function take(reply: ApiReply): void {
    if ('progress' in reply) {
      progress({ done: reply.progress.done, of: reply.progress.of })
      return
    }
    if ('error' in reply) reject(new ControlRefusal(reply.error.code, reply.error.message))
    // The daemon on the other side of the lock is this program, so its answer has this operation's type.
    else resolve(reply.result as ResultOf<N>)
  }
}
