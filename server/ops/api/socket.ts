import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { type ApiParts, makeApi } from './api.ts'

/** kepctl holds one connection each; more is somebody who went astray. */
const MAX_CONNECTIONS = 32

/**
 * Serves the API on a socket that the owner of the data folder alone can open: 0600, in a folder of 0700. The caller holds
 * the lock on the data folder, so a socket that is still there belongs to nobody. Disposing closes the connections and
 * removes the socket.
 */
export async function startControl(
  path: string,
  parts: Omit<ApiParts, 'operatorOf'>,
): Promise<AsyncDisposable> {
  await rm(path, { force: true })
  const app = await makeApi({ ...parts, operatorOf: () => 'console' })
  const server = apiServer(app)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, resolve)
  await promise
  server.on('error', (error) => parts.events.internalError('ops', error))
  await chmod(path, 0o600)
  return {
    [Symbol.asyncDispose]: async () => {
      await closed(server)
      await app.close()
    },
  }
}

/** One listener for the application; a loopback with two addresses has two. */
export function apiServer(app: FastifyInstance): Server {
  const server = createServer(
    { requestTimeout: 60_000, headersTimeout: 5_000, keepAliveTimeout: 60_000 },
    app.routing,
  )
  server.maxConnections = MAX_CONNECTIONS
  return server
}

export async function closed(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await done
}
