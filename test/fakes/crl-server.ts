/** The CRLs of root and intermediate over HTTP, issued anew for who asks. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock } from '../../mail/clock.ts'
import { freshCrl, type Pki } from './pki.ts'

export interface CrlServer extends AsyncDisposable {
  readonly urls: readonly string[]
  /** Names the serial from now on. */
  revoke(serial: Uint8Array): void
}

export async function startCrlServer(keys: Pki, clock: Clock = systemClock): Promise<CrlServer> {
  const revoked: { serial: Uint8Array; date: Date }[] = []
  const server = createServer((request, response) => {
    const issuer = request.url === '/root.crl' ? keys.root : keys.intermediate
    response.end(freshCrl(issuer, issuer === keys.intermediate ? revoked : [], clock.now()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    urls: [`http://127.0.0.1:${port}/root.crl`, `http://127.0.0.1:${port}/intermediate.crl`],
    revoke: (serial) => void revoked.push({ serial, date: new Date(Date.now() - 3_600_000) }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
