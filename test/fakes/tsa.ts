/** A real TSA over HTTP on a free port of the loopback, with faults that can be switched on. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildTimestampRequest, parseTimestampRequest } from '../../evidence/tsa/request.ts'
import { answerTimestampQuery, type TimestampAuthority } from '../../evidence/tsa/responder.ts'
import { systemClock } from '../../mail/clock.ts'
import { pki } from './pki.ts'

export type TsaFault =
  | 'none'
  | 'wrong-nonce'
  | 'wrong-imprint'
  /** Whichever was asked for, it stamps under its own. */
  | 'own-policy'
  | 'down'
  | 'slow'
  | 'garbage'
  | 'huge'
  | 'hang-up'

export interface FakeTsa extends AsyncDisposable {
  readonly url: string
  readonly authority: TimestampAuthority
  fault: TsaFault
  /** Queries and connections seen, to prove that connections are kept. */
  queries: number
  connections: number
}

export const TSA_POLICY = '1.3.6.1.4.1.99999.1.1'

export async function startTsa(given: Partial<TimestampAuthority> = {}): Promise<FakeTsa> {
  let serial = 1n
  const authority = {
    signer: pki().tsa.signer,
    policy: TSA_POLICY,
    serial: () => serial++,
    clock: systemClock,
    ...given,
  }
  const server = createServer((request, response) => {
    answer(request, response, tsa).catch(() => response.destroy())
  })
  server.on('connection', () => tsa.connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const tsa: FakeTsa = {
    url: `http://127.0.0.1:${port}/`,
    authority,
    fault: 'none',
    queries: 0,
    connections: 0,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return tsa
}

async function answer(request: IncomingMessage, response: ServerResponse, tsa: FakeTsa): Promise<void> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk)
  tsa.queries++
  const query = Buffer.concat(chunks)
  switch (tsa.fault) {
    case 'slow':
      return // the caller's deadline ends it
    case 'down':
      response.writeHead(503).end()
      return
    case 'hang-up':
      // Only a connection that was used before is cut, as an idle one is by a server's keep-alive limit.
      tsa.fault = 'none'
      request.socket.destroy()
      return
    case 'garbage':
      response.end(Buffer.from('<html>proxy</html>'))
      return
    case 'huge':
      response.end(Buffer.alloc(1024 * 1024))
      return
    default:
      response.writeHead(200, { 'Content-Type': 'application/timestamp-reply' })
      response.end(await answerTimestampQuery(bend(query, tsa.fault), tsa.authority))
  }
}

/** The TSA stamps another query than it was asked. */
function bend(query: Uint8Array, fault: TsaFault): Uint8Array {
  const { hash, ...parsed } = parseTimestampRequest(query)
  if (fault === 'none' || hash === undefined) return query
  return buildTimestampRequest({
    ...parsed,
    hash,
    ...(fault === 'own-policy'
      ? { policy: undefined }
      : fault === 'wrong-nonce'
        ? { nonce: Uint8Array.of(1) }
        : { imprint: parsed.imprint.map((octet) => octet ^ 1) }),
  })
}
