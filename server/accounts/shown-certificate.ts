import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket, type TlsOptions } from 'node:tls'

/** The certificate whose key a client proved to hold in the TLS handshake. */
export interface ShownCertificate {
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string
  /** ms since 1970. */
  readonly notAfter: number
}

/**
 * Of listeners where clients log in by certificate: any may be shown, because a person's are known one by one and not by who
 * issued them. [RFC 4422 §A]
 */
export const ASKING: TlsOptions = { requestCert: true, rejectUnauthorized: false }

/** undefined where none was shown. */
export function shownCertificate(socket: Socket): ShownCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const shown = socket.getPeerCertificate()
  if (shown.raw === undefined) return undefined
  const fingerprint = createHash('sha256').update(shown.raw).digest('hex')
  return { fingerprint, notAfter: Date.parse(shown.valid_to) }
}
