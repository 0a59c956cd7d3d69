import { type BlockList, createServer, type Server, type Socket } from 'node:net'
import { plainIp } from '../connection-census.ts'
import { connectionKey, type End } from '../connection-key.ts'
import { LONGEST_HEADER, readProxyHeader } from './header.ts'

/** A balancer sends its header with the first packet. */
const HEADER_MS = 5_000

/** Who connects, behind balancers too. */
export class Clients {
  readonly #balancers: BlockList | undefined
  /** Address of the client, by that of the balancer's connection. */
  readonly #behind = new Map<string, string>()

  /** @param balancers whose word is believed, and who must give it; undefined: there are none */
  constructor(balancers: BlockList | undefined) {
    this.#balancers = balancers
  }

  /** Of the client; of a socket, of TLS on it, or of a session over them. Empty where it has gone. */
  ipOf(end: End): string {
    return this.#behind.get(connectionKey(end)) ?? plainIp(end.remoteAddress ?? '')
  }

  /**
   * What to bind instead of a server: it hands on connections as they come, and those of balancers once they have said
   * whom they bring. A balancer that does not say so is let go.
   */
  front(inner: Server, options: { readonly allowHalfOpen?: boolean } = {}): Server {
    if (this.#balancers === undefined) return inner
    const balancers = this.#balancers
    return createServer(options, (socket) => {
      const ip = plainIp(socket.remoteAddress ?? '')
      if (ip === '' || !balancers.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4')) {
        inner.emit('connection', socket)
        return
      }
      this.#readHeader(socket, () => inner.emit('connection', socket))
    })
  }

  #readHeader(socket: Socket, goOn: () => void): void {
    const gone = (): void => void socket.destroy()
    const timer = setTimeout(gone, HEADER_MS)
    socket.on('error', gone)
    let held = Buffer.alloc(0)
    const onReadable = (): void => {
      const chunk: Buffer | null = socket.read()
      if (chunk === null) return
      held = Buffer.concat([held, chunk])
      const read = readProxyHeader(held)
      if (read.kind === 'more' && held.length < LONGEST_HEADER) return
      clearTimeout(timer)
      socket.off('readable', onReadable)
      if (read.kind !== 'header') {
        gone()
        return
      }
      const key = connectionKey(socket)
      this.#behind.delete(key)
      if (read.ip !== undefined) {
        this.#behind.set(key, plainIp(read.ip))
        socket.once('close', () => this.#behind.delete(key))
      }
      const rest = held.subarray(read.length)
      if (rest.length > 0) socket.unshift(rest)
      socket.off('error', gone)
      goOn()
    }
    socket.on('readable', onReadable)
    socket.once('close', () => clearTimeout(timer))
  }
}
