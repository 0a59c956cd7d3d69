import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from 'node:tls'
import { parsePemCertificates } from '../../../evidence/index.ts'
import type { Peer } from '../peer.ts'
import type { Target } from './routes.ts'

/** How a peer's server was known. */
export interface ShownIdentity {
  /** Lower-case hex SHA-256. */
  readonly fingerprint: string
  /** `pinned`: the very certificate is trusted; else the name by which it was known. */
  readonly by: string
}

/**
 * TLS towards a peer: only what its entry trusts, TLS 1.2 or later, and a certificate for the peer's name unless that very
 * certificate is trusted. `seen` is told of a certificate that was believed.
 */
export function tlsTowards(
  peer: Pick<Peer, 'provider' | 'tls'>,
  target: Pick<Target, 'host' | 'named'>,
  client: { readonly key: string; readonly cert: string },
  seen: (identity: ShownIdentity) => void,
): ConnectionOptions {
  const { trusted, serverName } = peer.tls
  const pins = new Set(trusted.flatMap(parsePemCertificates).map(({ fingerprint }) => fingerprint))
  const names =
    serverName === undefined ? [...(target.named ? [target.host] : []), peer.provider] : [serverName]
  return {
    minVersion: 'TLSv1.2',
    ca: [...trusted],
    // A pinned certificate is trusted without its issuers.
    allowPartialTrustChain: true,
    rejectUnauthorized: true,
    key: client.key,
    cert: client.cert,
    checkServerIdentity: (_host: string, shown: PeerCertificate) => {
      const fingerprint = shown.fingerprint256.replaceAll(':', '').toLowerCase()
      if (pins.has(fingerprint)) {
        seen({ fingerprint, by: 'pinned' })
        return undefined
      }
      let fault: Error | undefined
      for (const name of names) {
        fault = checkServerIdentity(name, shown)
        if (fault === undefined) {
          seen({ fingerprint, by: name })
          return undefined
        }
      }
      return fault
    },
  }
}

/** The name that is asked for in the handshake; an address is none. [RFC 6066 §3] */
export const nameAsked = (peer: Pick<Peer, 'provider' | 'tls'>, target: Pick<Target, 'host'>): string =>
  peer.tls.serverName ?? (/^[0-9.]+$|:/.test(target.host) ? peer.provider : target.host)

/** Verdicts on a certificate, as OpenSSL and Node name them: the peer is there, and it is not whom we believe. */
const NOT_BELIEVED: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
  'INVALID_PURPOSE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_TLS_CERT_ALTNAME_FORMAT',
])

export const isNotBelieved = (code: string | undefined): boolean =>
  code !== undefined && NOT_BELIEVED.has(code)
