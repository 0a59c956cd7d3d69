/** Small real malware scanners: clamd's INSTREAM over a socket, rspamd's checkv2 over HTTP. They find {@link EVIL}. */
import { once } from 'node:events'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export const EVIL = 'X5-KEP-DENEME-ZARARLISI'

export interface FakeScanner extends AsyncDisposable {
  readonly port: number
  /** Each stream that came to its end. */
  readonly seen: Buffer[]
}

export type ClamdManner =
  /** Octets instead of the answer, in these pieces. */
  | { readonly says: readonly string[] }
  /** Answers at the first octets, and hangs up. */
  | { readonly atOnce: string }
  | 'silent'
  | 'hangs up'
  | 'endless'

export async function startClamd(manner?: ClamdManner, path?: string): Promise<FakeScanner> {
  const seen: Buffer[] = []
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    serve(socket, seen, manner).catch(() => socket.destroy())
  })
  if (path === undefined) server.listen(0, '127.0.0.1')
  else server.listen(path)
  await once(server, 'listening')
  return {
    port: path === undefined ? (server.address() as AddressInfo).port : 0,
    seen,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function serve(socket: Socket, seen: Buffer[], manner: ClamdManner | undefined): Promise<void> {
  if (manner === 'hangs up') return void socket.destroy()
  if (manner === 'silent') return void socket.resume()
  if (manner === 'endless') {
    socket.resume()
    while (!socket.destroyed) if (!socket.write('stream: x'.repeat(1000))) await once(socket, 'drain')
    return
  }
  if (manner !== undefined && 'atOnce' in manner) {
    await once(socket, 'data')
    return void socket.end(manner.atOnce)
  }
  const content = await instream(socket)
  seen.push(content)
  for (const piece of manner?.says ?? [`stream: ${content.includes(EVIL) ? 'Kep.Deneme FOUND' : 'OK'}\0`]) {
    socket.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.end()
}

async function instream(socket: Socket): Promise<Buffer> {
  let octets = Buffer.alloc(0)
  const take = async (length: number): Promise<Buffer> => {
    while (octets.length < length) {
      const piece: Buffer | null = socket.read()
      if (piece === null) await once(socket, 'readable')
      else octets = Buffer.concat([octets, piece])
    }
    const taken = octets.subarray(0, length)
    octets = octets.subarray(length)
    return taken
  }
  if ((await take(10)).toString() !== 'zINSTREAM\0') throw new Error('no INSTREAM')
  const pieces: Buffer[] = []
  for (;;) {
    const length = (await take(4)).readUInt32BE()
    if (length === 0) return Buffer.concat(pieces)
    pieces.push(await take(length))
  }
}

/** @param answer instead of its own; `undefined` where it should say nothing at all */
export async function startRspamd(
  answer?: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<FakeScanner> {
  const seen: Buffer[] = []
  const server = createHttp(async (request, response) => {
    if (answer !== undefined) return answer(response, request)
    const content = Buffer.concat(await Array.fromAsync<Buffer>(request))
    if (request.method !== 'POST' || request.url !== '/checkv2') return void response.writeHead(404).end()
    seen.push(content)
    const evil = content.includes(EVIL)
    response.end(
      JSON.stringify({
        action: evil ? 'reject' : 'no action',
        score: evil ? 15 : 0,
        symbols: evil ? { CLAM_VIRUS: { score: 15 } } : {},
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
