import type { PeerEntry } from '../../config/relay.ts'
import { blockListOf } from '../../config/values.ts'
import { type Certificate, parsePemCertificates, toPem } from '../../evidence/index.ts'
import { readPem } from '../key-files.ts'
import type { Peer } from './peer.ts'

/**
 * An entry of `peers:` in which every name of a file was replaced by the PEM text in it: the form in which an operator's
 * peers are stored, and from which every peer is made.
 */
export type PeerText = PeerEntry

/** Every place of an entry that names a file (or holds its text), by its path. */
export const certificatePlaces = (
  entry: PeerEntry,
): { path: string; use: CertificateUse; value: string }[] => [
  ...entry.tls.ca.map((value, index) => ({ path: `tls.ca.${index}`, use: 'server-ca' as const, value })),
  ...entry.tls.certificates.map((value, index) => ({
    path: `tls.certificates.${index}`,
    use: 'server' as const,
    value,
  })),
  ...entry.client.certificates.map((value, index) => ({
    path: `client.certificates.${index}`,
    use: 'client' as const,
    value,
  })),
  ...entry.client.ca.map((value, index) => ({
    path: `client.ca.${index}`,
    use: 'client-ca' as const,
    value,
  })),
  ...entry.signing.map(({ certificate }, index) => ({
    path: `signing.${index}.certificate`,
    use: 'signing' as const,
    value: certificate,
  })),
]

export type CertificateUse = 'server-ca' | 'server' | 'client' | 'client-ca' | 'signing'

/** Reads the files that an entry names. Rejects with KeyFileError. */
export async function readPeerFiles(entry: PeerEntry): Promise<PeerText> {
  const all = (files: readonly string[]): Promise<string[]> => Promise.all(files.map(readPem))
  return {
    ...entry,
    tls: { ...entry.tls, ca: await all(entry.tls.ca), certificates: await all(entry.tls.certificates) },
    client: {
      ...entry.client,
      ca: await all(entry.client.ca),
      certificates: await all(entry.client.certificates),
    },
    signing: await Promise.all(
      entry.signing.map(async (one) => ({ ...one, certificate: await readPem(one.certificate) })),
    ),
  }
}

/** Throws where a text holds no certificate that can be read. */
export function peerOf(text: PeerText, source: Peer['source']): Peer {
  const { provider, route, tls, client } = text
  const certificates = (pem: string): Certificate[] => {
    const found = parsePemCertificates(pem)
    if (found.length === 0) throw new Error(`${provider}: a text of its entry holds no certificate`)
    return found
  }
  // A file of one certificate may hold its issuers behind it.
  const first = (pem: string): Certificate => certificates(pem)[0]!
  const trusted = [...tls.ca.flatMap(certificates), ...tls.certificates.map(first)]
  return {
    provider,
    name: text.name,
    serviceAddress: text.serviceAddress ?? `kep@${provider}`,
    route:
      route === undefined
        ? { kind: 'mx' }
        : { kind: 'host', host: route.host, port: route.port, implicitTls: route.tls === 'implicit' },
    tls: { trusted: trusted.map(({ der }) => toPem('CERTIFICATE', der)), serverName: tls.serverName },
    inbound: {
      pins: client.certificates.map((pem) => first(pem).fingerprint),
      anchors: client.ca.flatMap(certificates),
      addresses: blockListOf(client.addresses),
    },
    signing: text.signing.map(({ certificate, from, until }) => ({
      certificate: first(certificate),
      from: from === undefined ? undefined : Date.parse(from),
      until: until === undefined ? undefined : Date.parse(until),
    })),
    sizeLimit: text.sizeLimit,
    connections: text.connections,
    ratePerMinute: text.ratePerMinute,
    sourceAddress: text.sourceAddress,
    ehlo: text.ehlo,
    family: text.family,
    source,
  }
}
