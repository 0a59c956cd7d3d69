import { connect } from 'node:net'
import { type ControlReply, type ControlRequest, MAX_REPLY_OCTETS } from './control-protocol.ts'
import { LineReader } from './line-reader.ts'
import type { InputOf, OperationName, ResultOf } from './operations/catalog.ts'
import type { Progress } from './operations/operation.ts'

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
  const socket = connect(path)
  const reader = new LineReader(MAX_REPLY_OCTETS)
  socket.on('connect', () => {
    socket.write(`${JSON.stringify({ operation, args } satisfies ControlRequest)}\n`)
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      const lines = reader.push(chunk)
      if (lines === undefined) throw new Error('the answer is longer than any answer can be')
      for (const line of lines) take(JSON.parse(line))
    } catch (error) {
      reject(error)
      socket.destroy()
    }
  })
  socket.on('error', (error) => {
    const code = 'code' in error ? error.code : undefined
    reject(code === 'ENOENT' || code === 'ECONNREFUSED' ? new NoDaemon(path, { cause: error }) : error)
  })
  socket.on('close', () => reject(new Error('the daemon closed the connection before it answered')))
  return promise

  function take(reply: ControlReply): void {
    if ('progress' in reply) {
      progress({ done: reply.progress.done, of: reply.progress.of })
      return
    }
    if ('error' in reply) reject(new ControlRefusal(reply.error.code, reply.error.message))
    // The daemon on the other side of the lock is this program, so its answer has this operation's type.
    else resolve(reply.result as ResultOf<N>)
    socket.destroy()
  }
}
