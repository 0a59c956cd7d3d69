import type { Config } from '../config/schema.ts'
import { type ImapKind, type ImapParts, type ImapServer, makeImapServer } from './imap/server.ts'
import { bind, listenOnAll } from './listen.ts'
import { type HttpParts, makeHttpServers } from './ops/http.ts'
import type { PeerListener } from './relay/inbound/peer-listener.ts'
import type { SubmissionListener } from './smtp/submission-listener.ts'

type At = Config['listen']['imap']

/** How long a message that is being received may still take when we stop. */
const DRAIN_MS = 30_000
/** How long IMAP sessions have for their last word. */
const FAREWELL_MS = 1_000

/** Every port that is open, and what happens to all of them together. Each opening answers with the port. */
export class Listeners implements AsyncDisposable {
  readonly #smtp: (SubmissionListener | PeerListener)[] = []
  readonly #imap: ImapServer[] = []
  readonly #http: { close(): Promise<void> }[] = []

  async smtp(at: At, make: () => SubmissionListener | PeerListener): Promise<number> {
    const { port, bound } = await listenOnAll(at.host, at.port, make)
    this.#smtp.push(...bound)
    return port
  }

  async imap(at: At, parts: ImapParts, kind: ImapKind): Promise<number> {
    const { port, bound } = await listenOnAll(at.host, at.port, () => {
      const server = makeImapServer(parts, kind)
      return {
        server,
        listen: async (number, host) => {
          await server.listen(number, host)
          return server.address
        },
        close: () => server.close(0),
      }
    })
    this.#imap.push(...bound.map(({ server }) => server))
    return port
  }

  async http({ host, port }: At, parts: HttpParts): Promise<number> {
    const servers = await makeHttpServers(parts, host.length)
    const listening = await listenOnAll(host, port, () => {
      const server = servers.pop()
      if (server === undefined) throw new RangeError('one HTTP server a host')
      return {
        listen: (number, name) => bind(server, number, name),
        close: async () => {
          server.close()
          server.closeAllConnections()
        },
      }
    })
    this.#http.push(...listening.bound)
    return listening.port
  }

  /** Takes over renewed keys and limits for connections from now on. */
  renew(tls: { readonly key: string; readonly cert: string }): void {
    for (const listener of this.#smtp) listener.renew()
    for (const server of this.#imap) server.setTls(tls)
  }

  /** No new client; what is being received may end, and readers hear a last word. */
  async drain(): Promise<void> {
    await Promise.all([
      ...this.#smtp.map((listener) => listener.drain(DRAIN_MS)),
      ...this.#imap.map((server) => server.close(FAREWELL_MS)),
    ])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      ...this.#smtp.map((listener) => listener.close()),
      ...this.#imap.map((server) => server.close(0)),
      ...this.#http.map((server) => server.close()),
    ])
  }
}
