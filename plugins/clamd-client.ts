import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { ScanError } from './scan.ts'

export type ClamdPlace = { readonly path: string } | { readonly host: string; readonly port: number }

/** `stream: NAME FOUND`: more is no answer of clamd. */
const MAX_ANSWER = 1024

/**
 * Shows clamd one stream. [clamd(8) INSTREAM] It may answer, and hang up, before it has everything; only that it is
 * clean counts only when it has. @returns the name of what was found, or undefined
 */
export async function scanWithClamd(
  place: ClamdPlace,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted()
  const socket = connect(place)
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  stop.addEventListener('abort', () => socket.destroy(), { once: true })
  socket.on('error', () => {}) // whoever reads or writes meets it
  let failure: unknown
  let complete = false
  const sent = send(socket, content, stop).then(
    () => {
      complete = true
    },
    (error: unknown) => {
      // Unless clamd hung up first, this is trouble with the content: nothing may count as an answer then.
      if (!socket.destroyed && !(error instanceof ScanError)) {
        failure = error
        socket.destroy()
      }
    },
  )
  try {
    const answer = await answerOf(socket)
    const found = /^stream: (.+) FOUND$/s.exec(answer)?.[1]
    if (found !== undefined) return found
    if (answer === 'INSTREAM size limit exceeded. ERROR') throw new ScanError('SIZE_LIMIT')
    if (answer !== 'stream: OK' || !complete) throw new ScanError('GARBAGE')
    return undefined
  } catch (error) {
    if (failure !== undefined) throw failure
    throw error instanceof ScanError ? error : new ScanError('AWAY', { cause: error })
  } finally {
    over.abort()
    await sent
  }
}

async function send(socket: Socket, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const write = async (octets: Uint8Array | string): Promise<void> => {
    if (socket.destroyed) throw new ScanError('AWAY')
    if (!socket.write(octets)) await once(socket, 'drain', { signal }).catch((cause) => hungUp(cause))
  }
  await write('zINSTREAM\0')
  for await (const piece of content) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(piece.length)
    if (piece.length === 0) continue // it would mean the end
    await write(length)
    await write(piece)
  }
  await write(Buffer.alloc(4))
}

const hungUp = (cause: unknown): never => {
  throw new ScanError('AWAY', { cause })
}

async function answerOf(socket: Socket): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of socket) {
    const octets: Buffer = piece
    const end = octets.indexOf(0)
    pieces.push(end < 0 ? octets : octets.subarray(0, end))
    length += octets.length
    if (length > MAX_ANSWER) throw new ScanError('GARBAGE')
    if (end >= 0) return Buffer.concat(pieces).toString('latin1')
  }
  throw new ScanError('AWAY')
}
