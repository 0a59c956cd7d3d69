import type { Config } from '../../../config/schema.ts'
import { bind, listenOnAll } from '../../listen.ts'
import { type ApiParts, makeApi } from './api.ts'
import { apiServer, closed } from './socket.ts'
import { readTokens } from './tokens.ts'

/**
 * The API on loopback, for who has a token: portals and billing on this machine, or a proxy that brings TLS and its own
 * judgement of callers. Rejects with KeyFileError where a token cannot be read.
 */
export async function startApi(
  { host, port, tokens }: NonNullable<Config['api']>,
  parts: Omit<ApiParts, 'operatorOf'>,
): Promise<AsyncDisposable & { readonly port: number }> {
  const app = await makeApi({ ...parts, operatorOf: await readTokens(tokens) })
  const listening = await listenOnAll(host, port, () => {
    const server = apiServer(app)
    server.on('error', (error) => parts.events.internalError('ops', error))
    return {
      server,
      listen: (number, name) => bind(server, number, name),
      close: async () => {
        server.close()
      },
    }
  })
  return {
    port: listening.port,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(listening.bound.map(({ server }) => closed(server)))
      await app.close()
    },
  }
}
