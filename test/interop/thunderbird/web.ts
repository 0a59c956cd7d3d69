import { once } from 'node:events'
import { createServer as createProxy } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import { pipeline } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'

export interface Web extends AsyncDisposable {
  /** Where a program must believe its proxy is. */
  readonly port: number
  /** Every URL of that host that was asked for. */
  readonly asked: readonly string[]
}

/** One host of the web, with these files by path, behind a proxy that leads nowhere else. */
export async function startWeb(
  host: string,
  tls: SecureContextOptions,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Web> {
  const asked: string[] = []
  const server = createServer(tls, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', `https://${host}`)
    asked.push(`https://${host}${pathname}`)
    const file = files.get(pathname)
    if (file === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'text/xml' }).end(file)
  })
  const behind = await listening(server)
  const proxy = createProxy((_, response) => void response.writeHead(502).end())
  proxy.on('connect', ({ url = '' }, socket) => {
    socket.on('error', () => {})
    if (url !== `${host}:443`) {
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
      return
    }
    const on = connect({ host: '127.0.0.1', port: behind }, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      pipeline(socket, on, socket, () => {})
    })
    on.on('error', () => socket.destroy())
  })
  const port = await listening(proxy)
  return {
    port,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const one of [proxy, server]) {
        one.closeAllConnections()
        one.close()
      }
    },
  }
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}
