import { createServer, type Server } from 'node:http'
import fastify from 'fastify'
import type { FailureCode } from '../../mail/errors.ts'
import type { Events } from './events.ts'

export interface HttpParts {
  readonly events: Events
  /** True from the ready line until draining begins. */
  readonly isReady: () => boolean
  /** Why submission is closed for now; told by /health/ready without making it fail: reading goes on. */
  readonly closedBecause: () => FailureCode | undefined
}

/** `/metrics`, `/health/live`, `/health/ready`: for machines of the operator, bound to loopback unless configured. */
export async function makeHttpServers(parts: HttpParts, count: number): Promise<Server[]> {
  const app = fastify({ logger: false, bodyLimit: 1024, requestTimeout: 10_000, keepAliveTimeout: 30_000 })
  app.get('/health/live', () => ({ live: true }))
  app.get('/health/ready', (_request, reply) => {
    const ready = parts.isReady()
    return reply.code(ready ? 200 : 503).send({ ready, submission: parts.closedBecause() ?? 'open' })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type(parts.events.registry.contentType).send(await parts.events.registry.metrics()),
  )
  app.addHook('onError', async (_request, _reply, error) => parts.events.internalError('http', error))
  await app.ready()
  return Array.from({ length: count }, () =>
    createServer({ requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 30_000 }, app.routing),
  )
}
