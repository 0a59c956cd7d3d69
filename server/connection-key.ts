import { plainIp } from './connection-census.ts'

/** One end of a connection as sockets, TLS on them and SMTP sessions over both tell it. */
export interface End {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
}

/**
 * The same for a socket, for TLS on it and for the session over both. With our end: the same client, a balancer above all,
 * may use one of its ports for connections to several of ours at once.
 */
export const connectionKey = ({ remoteAddress, remotePort, localAddress, localPort }: End): string =>
  `${plainIp(remoteAddress ?? '')} ${remotePort} ${plainIp(localAddress ?? '')} ${localPort}`
