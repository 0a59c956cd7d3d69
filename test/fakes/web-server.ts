/** A web server that answers by path as a test says, and remembers who asked for what. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** `body` is what was posted. */
export type Handler = (response: ServerResponse, body: Buffer, request: IncomingMessage) => void

export interface WebServer extends AsyncDisposable {
  readonly port: number
  readonly handlers: Map<string, Handler>
  /** METHOD and path of each request that came. */
  readonly asked: readonly string[]
  url(path: string, host?: string): string
}

export async function startWebServer(
  handlers: Readonly<Record<string, Handler>> = {},
  host = '127.0.0.1',
): Promise<WebServer> {
  const known = new Map(Object.entries(handlers))
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const handler = known.get(request.url ?? '')
    if (handler === undefined) response.writeHead(404).end()
    else handler(response, Buffer.concat(pieces), request)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    handlers: known,
    asked,
    url: (path, name = host) => `http://${name}:${port}${path}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

export const octets =
  (body: Uint8Array): Handler =>
  (response) =>
    void response.end(body)
