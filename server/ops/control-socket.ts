import { chmod, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { z } from 'zod'
import { type ControlReply, MAX_REQUEST_OCTETS } from './control-protocol.ts'
import type { Events } from './events.ts'
import { LineReader } from './line-reader.ts'
import { perform } from './operations/catalog.ts'
import { type OperationParts, refusalOf } from './operations/operation.ts'

/** kepctl holds one connection each; more is somebody who went astray. */
const MAX_CONNECTIONS = 32
/** A connection that asks nothing and waits for nothing. */
const IDLE_MS = 60_000
/** Progress lines at most this often: a walk of millions of entries is not told step by step. */
const PROGRESS_MS = 200

type ErrorLog = Pick<Events, 'internalError'>

const requestSchema = z.strictObject({ operation: z.string().max(100), args: z.unknown().optional() })

/**
 * Serves the operations on a socket that the owner of the data folder alone can open: 0600, in a folder of 0700. The
 * caller holds the lock on the data folder, so a socket that is still there belongs to nobody. Disposing closes the
 * connections and removes the socket.
 */
export async function startControl(
  path: string,
  parts: OperationParts,
  events: ErrorLog,
): Promise<AsyncDisposable> {
  await rm(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy()) // whoever asked is gone; there is nobody to tell
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    serve(socket, parts, events)
  })
  server.maxConnections = MAX_CONNECTIONS
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, resolve)
  await promise
  server.on('error', (error) => events.internalError('ops', error))
  await chmod(path, 0o600)
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** One request after another: what a client sends meanwhile waits in its own buffer, not in ours. */
function serve(socket: Socket, parts: OperationParts, events: ErrorLog): void {
  const reader = new LineReader(MAX_REQUEST_OCTETS)
  const say = (reply: ControlReply): void => {
    if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`)
  }
  socket.on('data', (chunk: Buffer) => {
    const lines = reader.push(chunk)
    if (lines === undefined) {
      say({ error: { code: 'BAD_ARGUMENTS', message: 'the request is too long' } })
      socket.destroySoon()
      return
    }
    if (lines.length === 0) return
    socket.pause()
    socket.setTimeout(0)
    answerAll(lines).catch((error: unknown) => {
      events.internalError('ops', error)
      socket.destroy()
    })
  })

  async function answerAll(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      if (socket.destroyed) return
      say(await answer(line))
    }
    socket.setTimeout(IDLE_MS)
    socket.resume()
  }

  async function answer(line: string): Promise<ControlReply> {
    const request = readRequest(line)
    if (request === undefined)
      return { error: { code: 'BAD_ARGUMENTS', message: 'the request cannot be read' } }
    let told = Number.NEGATIVE_INFINITY
    try {
      const result = await perform(parts, request.operation, request.args ?? {}, (progress) => {
        const now = parts.clock.monotonic()
        if (now - told < PROGRESS_MS) return
        told = now
        say({ progress })
      })
      return { result: result ?? null }
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal === undefined) events.internalError('ops', error)
      return {
        error: refusal ?? { code: 'INTERNAL', message: 'the daemon met an error; its log says which' },
      }
    }
  }
}

function readRequest(line: string): z.output<typeof requestSchema> | undefined {
  try {
    return requestSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
