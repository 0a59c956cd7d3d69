import type { BlockList } from 'node:net'
import type { Certificate } from '../../evidence/index.ts'

/** A provider (KEPHS) with which mail is exchanged, read once from the configuration or the store. */
export interface Peer {
  /** Its domain, `hsNN.kep.tr`; `kurum.hsNN.kep.tr` routes by it. */
  readonly provider: string
  readonly name: string
  /** Where evidence for the provider itself goes; default kep@<provider>. */
  readonly serviceAddress: string
  readonly route: Route
  readonly tls: PeerTls
  readonly inbound: PeerIdentity
  /** Its işlem sertifikaları; more than one while it rolls over. */
  readonly signing: readonly SigningCertificate[]
  /** Octets of a dispatch that it takes. */
  readonly sizeLimit: number
  /** Connections at once. */
  readonly connections: number
  /** Messages a minute; undefined: as many as it takes. */
  readonly ratePerMinute: number | undefined
  /** Our address towards it, and how we name ourselves; undefined: the system's choice, our domain. */
  readonly sourceAddress: string | undefined
  readonly ehlo: string | undefined
  /** 4 or 6 where only one of both is to be used. */
  readonly family: 4 | 6 | undefined
  /** `configuration`: changed in the file; `operator`: changed by kepctl. */
  readonly source: 'configuration' | 'operator'
}

export type Route =
  /** MX of the domain. [RFC 5321 §5.1] */
  | { readonly kind: 'mx' }
  | { readonly kind: 'host'; readonly host: string; readonly port: number; readonly implicitTls: boolean }

/** Whom we believe when we connect to it. TLS is always required. */
export interface PeerTls {
  /** PEM of CAs, or of the very certificates (pins), that its server may show. */
  readonly trusted: readonly string[]
  /** The name that its certificate must carry; undefined: the host that was connected to, or the provider's domain. */
  readonly serverName: string | undefined
}

/** Whom we believe to be this peer when it connects to us. */
export interface PeerIdentity {
  /** Fingerprints (lower-case hex SHA-256) of its client certificates. */
  readonly pins: readonly string[]
  /** CAs of its client certificates, which must then name the provider's domain (dNSName). */
  readonly anchors: readonly Certificate[]
  /** Source addresses from which it is believed without a client certificate; undefined: from none. */
  readonly addresses: BlockList | undefined
}

export interface SigningCertificate {
  readonly certificate: Certificate
  /** Within the certificate's own validity; ms. */
  readonly from: number | undefined
  readonly until: number | undefined
}

/** The peers as they are now; a reload and kepctl change them. */
export interface Peers {
  /** By the provider's domain. */
  of(provider: string): Peer | undefined
  all(): readonly Peer[]
}
