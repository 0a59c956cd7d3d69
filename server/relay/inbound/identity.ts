import { isIPv6 } from 'node:net'
import { type Certificate, parseCertificate, validatePath } from '../../../evidence/index.ts'
import type { Peer, Peers } from '../peer.ts'

export interface Identified {
  readonly peer: Peer
  readonly by: 'certificate' | 'address'
}

/**
 * Which peer a session is of: by a pinned client certificate, by one that its CAs issued to its domain, or by its
 * address. TLS has proved by then that the client holds the certificate's key.
 *
 * @param shown DER of the client's certificates, its own first
 */
export function identify(
  { shown, ip }: { readonly shown: readonly Uint8Array[]; readonly ip: string },
  peers: Peers,
  at: Date,
): Identified | undefined {
  const [own, ...others] = readable(shown)
  const all = peers.all()
  if (own !== undefined && own.notBefore <= at && at <= own.notAfter) {
    const peer =
      all.find(({ inbound }) => inbound.pins.includes(own.fingerprint)) ??
      all.find((candidate) => isIssuedTo(candidate, own, others, at))
    if (peer !== undefined) return { peer, by: 'certificate' }
  }
  const family = isIPv6(ip) ? 'ipv6' : 'ipv4'
  const peer = all.find(({ inbound }) => inbound.addresses?.check(ip, family))
  return peer && { peer, by: 'address' }
}

function readable(shown: readonly Uint8Array[]): Certificate[] {
  try {
    return shown.map(parseCertificate)
  } catch {
    return [] // a certificate that we cannot read is nobody's
  }
}

function isIssuedTo(
  { provider, inbound }: Peer,
  own: Certificate,
  intermediates: readonly Certificate[],
  at: Date,
): boolean {
  // Names below the domain are its customers': an institution's server is not the provider.
  if (!own.dnsNames.some((name) => name.toLowerCase() === provider)) return false
  const purposes = own.extendedKeyUsage
  if (purposes !== undefined && !purposes.some((purpose) => TLS_PURPOSES.has(purpose))) return false
  const { anchors } = inbound
  return validatePath(own, { anchors, intermediates, at, crls: [], revocation: 'if-present' }).ok
}

/** clientAuth; serverAuth, since mail servers mostly hold one certificate for both sides; any. [RFC 5280 §4.2.1.12] */
const TLS_PURPOSES: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1', '2.5.29.37.0'])
