/** Settings of the exchange with other providers: who they are, and how long we wait for them. */
import { z } from 'zod'
import {
  dkimSelector,
  file,
  hostName,
  ipAddress,
  keyPair,
  network,
  octets,
  portNumber,
  providerDomain,
  span,
} from './values.ts'

const files = z.array(file).default([])
const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })])
  .transform((text) => new Date(Date.parse(text)).toISOString())

/**
 * A provider (KEPHS) with which mail is exchanged. KEP mail goes nowhere else. The same form, with PEM text in place of
 * the names of files, is what `kepctl peer add` stores.
 */
export const peerEntry = z.strictObject({
  /** Its domain; sub-domains (`kurum.hs02.kep.tr`) go the same way. */
  provider: providerDomain,
  /** As people read it. */
  name: z.string().min(1).max(200),
  /** Where evidence for the provider itself goes; default kep@<provider>. */
  serviceAddress: z.email().max(254).optional(),
  /** Absent: the MX of the domain, port 25, STARTTLS. */
  route: z
    .strictObject({
      host: z.union([hostName, ipAddress]),
      port: portNumber.default(25),
      tls: z.enum(['starttls', 'implicit']).default('starttls'),
    })
    .optional(),
  /** Whom we believe when we connect to it; nobody else, and never the system's list. */
  tls: z
    .strictObject({
      /** CAs of its server's certificate. */
      ca: files,
      /** The very certificates that its server may show (pins); their names are then not looked at. */
      certificates: files,
      /**
       * The name that its certificate must carry. Default: the host of the route, or the provider's domain. An MX outside
       * the provider's domain needs it: what DNS says proves nothing.
       */
      serverName: hostName.optional(),
    })
    .refine(
      ({ ca, certificates }) => ca.length + certificates.length > 0,
      'one of ca and certificates is needed',
    ),
  /** Whom we believe to be this peer when it connects to us; nobody where this is absent. */
  client: z
    .strictObject({
      /** The very certificates that it shows (pins). */
      certificates: files,
      /** CAs of its certificate, which must then name the provider's domain. */
      ca: files,
      /** Addresses from which it is believed without a certificate. */
      addresses: z.array(network).default([]),
    })
    .prefault({}),
  /** Its işlem sertifikaları; two while it rolls over. */
  signing: z
    .array(
      z.strictObject({
        certificate: file,
        /** Within the certificate's own validity: a day (its beginning in UTC) or an instant. */
        from: instant.optional(),
        until: instant.optional(),
      }),
    )
    .min(1),
  /** Octets of a dispatch that it takes: 25 MB of message, its envelope and what base64 adds. */
  sizeLimit: octets.default(64_000_000),
  /** Connections at once. */
  connections: z.number().int().min(1).max(100).default(4),
  /** Messages a minute; absent: as many as it takes. */
  ratePerMinute: z.number().int().positive().max(1_000_000).optional(),
  /** Our address towards it. */
  sourceAddress: ipAddress.optional(),
  /** How we name ourselves in EHLO; default: our domain. */
  ehlo: hostName.optional(),
  /** Only this version of IP. */
  family: z.union([z.literal(4), z.literal(6)]).optional(),
})

export type PeerEntry = z.output<typeof peerEntry>
export type PeerEntryInput = z.input<typeof peerEntry>

export const relay = z
  .strictObject({
    /** How long a dispatch is tried before relay failure is evidenced. */
    expiry: span.default(24 * 3_600_000),
    /** How long we wait for a peer's relay acceptance or rejection, from when it took the message. */
    relayAnswer: span.default(24 * 3_600_000),
    /** How long we wait for news about delivery after a relay acceptance. */
    deliveryAnswer: span.default(24 * 3_600_000),
    /** How long an evidence message is tried. */
    evidenceExpiry: span.default(7 * 24 * 3_600_000),
    /** One relay evidence per recipient, or one for all recipients of a dispatch at one provider. */
    granularity: z.enum(['recipient', 'dispatch']).default('recipient'),
    /** Attempts at a peer that cannot be reached: at random within a span that doubles from the first to the longest. */
    retry: z
      .strictObject({ first: span.default(30_000), longest: span.default(30 * 60_000) })
      .prefault({})
      .refine(({ first, longest }) => first > 0 && first <= longest, 'first is over 0 and at most longest'),
    /** What we show as a client; default: the pair of `tls`. */
    client: keyPair.optional(),
    /** A DKIM signature on what leaves; none where absent. The key is RSA or Ed25519. [RFC 6376] [RFC 8463] */
    dkim: z
      .strictObject({
        selector: dkimSelector,
        /** PEM. */
        key: file,
        /** Default: the provider's domain. */
        domain: hostName.optional(),
      })
      .optional(),
    /** DNS servers; default: the system's. */
    resolver: z.array(ipAddress).min(1).optional(),
    /** Octets of the largest message taken from a peer. */
    maxIn: octets.default(64_000_000),
  })
  .prefault({})
