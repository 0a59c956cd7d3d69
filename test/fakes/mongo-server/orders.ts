/** What the test orders of a server in another process, a line of JSON each; each is answered by one. */
import { z } from 'zod'
import type { Fault, Match } from './fault.ts'
import type { MongoServer } from './server.ts'

const fault: z.ZodType<Fault> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('drop-before') }),
  z.strictObject({ kind: z.literal('drop-after') }),
  z.strictObject({
    kind: z.literal('delay'),
    ms: z.number(),
    when: z.enum(['before', 'after']).exactOptional(),
  }),
  z.strictObject({ kind: z.literal('not-primary-before') }),
  z.strictObject({ kind: z.literal('not-primary-after') }),
  z.strictObject({ kind: z.literal('duplicate') }),
  z.strictObject({ kind: z.literal('write-concern-error'), code: z.literal([64, 91]).exactOptional() }),
  z.strictObject({ kind: z.literal('partial'), applied: z.number() }),
  z.strictObject({ kind: z.literal('die-before') }),
  z.strictObject({ kind: z.literal('die-after') }),
])

const match: z.ZodType<Match> = z.strictObject({
  client: z.string().exactOptional(),
  command: z.union([z.string(), z.array(z.string())]).exactOptional(),
  collection: z.string().exactOptional(),
  writes: z.boolean().exactOptional(),
  nthWrite: z.number().exactOptional(),
})

const order = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('next'),
    match,
    fault,
    times: z.number().default(1),
    after: z.number().default(0),
  }),
  z.strictObject({
    do: z.literal('random'),
    seed: z.number(),
    probability: z.number(),
    faults: z.array(fault),
    match: match.exactOptional(),
  }),
  z.strictObject({ do: z.literal('clear') }),
  z.strictObject({ do: z.literal('kill'), client: z.string() }),
  z.strictObject({ do: z.literal('revive'), client: z.string() }),
  z.strictObject({ do: z.literal('disconnect') }),
  z.strictObject({ do: z.literal('tell') }),
])

export type Order = z.input<typeof order>

/** What can be said of the server at any time. */
export interface Told {
  readonly concerns: ReturnType<MongoServer['concerns']['all']>
  readonly struck: MongoServer['faults']['struck']
  readonly struckInAll: number
}

/** The answer to an order as it was read; an order that is none fails. */
export function obey(server: MongoServer, line: unknown): object {
  const given = order.parse(line)
  switch (given.do) {
    case 'next':
      server.faults.next(given.match, given.fault, { times: given.times, after: given.after })
      return {}
    case 'random':
      server.faults.random(given)
      return {}
    case 'clear':
      server.faults.clear()
      return {}
    case 'kill':
      server.clients.kill(given.client)
      return {}
    case 'revive':
      server.clients.revive(given.client)
      return {}
    case 'disconnect':
      server.disconnect()
      return {}
    case 'tell':
      return {
        concerns: server.concerns.all(),
        struck: server.faults.struck,
        struckInAll: server.faults.struckInAll,
      } satisfies Told
  }
}
