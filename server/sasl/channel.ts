import type { TLSSocket } from 'node:tls'
import { certificateHash } from '../../evidence/index.ts'

/** A TLS connection, as both of its ends know it and nobody between them does. [RFC 5056 §2] */
export interface Channel {
  /** By the name of a kind of binding; undefined for one that this connection has not. */
  binding(kind: string): Uint8Array | undefined
}

const EXPORTER = { label: 'EXPORTER-Channel-Binding', octets: 32 } as const

/** `tls-exporter`, `tls-unique` and `tls-server-end-point`. [RFC 9266 §2] [RFC 5929 §3] [RFC 5929 §4] */
export const channelOf = (socket: TLSSocket): Channel => ({
  binding: (kind) => {
    if (kind === 'tls-exporter') return exported(socket)
    if (kind === 'tls-unique') return unique(socket)
    if (kind === 'tls-server-end-point') return endPoint(socket)
    return undefined
  },
})

/** Before TLS 1.3 it is unique only with an extension of which we cannot see whether it was used. [RFC 9266 §4.2] */
const exported = (socket: TLSSocket): Uint8Array | undefined =>
  socket.getProtocol() === 'TLSv1.3'
    ? socket.exportKeyingMaterial(EXPORTER.octets, EXPORTER.label, Buffer.alloc(0))
    : undefined

/**
 * The client's Finished, which is the first of a handshake that resumes nothing. TLS 1.3 has none of it; and where a session is
 * resumed two connections can be made to share it. [RFC 5929 §3.1] [RFC 7627 §1]
 */
const unique = (socket: TLSSocket): Uint8Array | undefined =>
  socket.getProtocol() === 'TLSv1.2' && !socket.isSessionReused() ? socket.getPeerFinished() : undefined

function endPoint(socket: TLSSocket): Uint8Array | undefined {
  const own = socket.getCertificate()
  return own !== null && 'raw' in own && own.raw instanceof Uint8Array ? certificateHash(own.raw) : undefined
}
