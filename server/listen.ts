/** A listener's port on each of its hosts: the same number everywhere, also where the system chooses it. */
export interface Listening {
  /** Binds; resolves with the port. */
  listen(port: number, host: string): Promise<number>
  close(): Promise<void>
}

/** With port 0 the second host may find the number taken; another is tried then. */
const ATTEMPTS = 10

/**
 * @param make one listener a host
 * @returns the port, and the listeners that are bound; a host that this machine does not have (no IPv6) is left out
 */
export async function listenOnAll<L extends Listening>(
  hosts: readonly string[],
  port: number,
  make: () => L,
): Promise<{ port: number; bound: L[] }> {
  for (let attempt = 1; ; attempt++) {
    const bound: L[] = []
    let chosen = port
    try {
      for (const host of hosts) {
        const listener = make()
        try {
          chosen = await listener.listen(chosen, host)
          bound.push(listener)
        } catch (error) {
          await listener.close()
          const absent = codeOf(error) === 'EADDRNOTAVAIL' || codeOf(error) === 'EAFNOSUPPORT'
          if (!absent || hosts.length === 1) throw error
        }
      }
      if (bound.length === 0) throw new Error(`none of ${hosts.join(', ')} is an address of this machine`)
      return { port: chosen, bound }
    } catch (error) {
      for (const listener of bound) await listener.close()
      if (port !== 0 || codeOf(error) !== 'EADDRINUSE' || attempt === ATTEMPTS) throw error
    }
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined

/** Binds a node server; rejects with its error. */
export function bind(server: import('node:net').Server, port: number, host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', reject)
  server.listen({ port, host, ipv6Only: host.includes(':') }, () => {
    server.off('error', reject)
    const address = server.address()
    resolve(typeof address === 'object' && address !== null ? address.port : port)
  })
  return promise
}
