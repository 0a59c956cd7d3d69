import type { CertificateValidator, EvidenceProfile } from '../../../evidence/index.ts'
import type { Clock } from '../../../mail/clock.ts'
import type { FailureCode } from '../../../mail/errors.ts'
import type { HeaderField } from '../../../mail/header-read.ts'
import type { MimeLimits } from '../../../mail/mime-part.ts'
import type { Pipeline } from '../../../plugins/pipeline.ts'
import type { Store } from '../../../storage/port.ts'
import type { ConnectionCensus } from '../../connection-census.ts'
import type { Events } from '../../ops/events.ts'
import type { ReceivedMessage } from '../../received-message.ts'
import type { Peer, Peers } from '../peer.ts'
import type { Resolver } from './mail-authentication.ts'
import type { InboundRecipient, OurAddresses } from './recipients.ts'
import type { Arrived } from './trace-fields.ts'

/** What the decision about a peer's message works with. */
export interface InboundParts extends OurAddresses {
  readonly store: Store
  readonly clock: Clock
  readonly pipeline: Pipeline
  readonly events: Events
  readonly profile: EvidenceProfile
  /** Whose certificates count: providers' işlem sertifikaları, time-stamping authorities, users. */
  readonly providersTrust: CertificateValidator
  readonly tsasTrust: CertificateValidator
  readonly usersTrust: CertificateValidator
  readonly revocation: 'require' | 'if-present'
  /** The account in whose INBOX mail for postmaster, abuse and the service address goes. */
  readonly operatorBox: string
  /** DNS for DKIM, SPF and DMARC. */
  readonly resolver: Resolver
}

/** What the listener needs beside. */
export interface PeerServerParts extends InboundParts {
  readonly peers: Peers
  readonly census: ConnectionCensus
  /** undefined: mail may be taken; else why not for now (I11). */
  readonly closedBecause: () => FailureCode | undefined
  /** Octets of a dispatch with its envelope. */
  readonly maxBytes: number
  readonly mimeLimits: MimeLimits
  readonly minimumRate: number
  readonly windowMs: number
  readonly idleMs: number
  /** Within it a session has to be known as a peer's. */
  readonly loginTimeMs: number
  readonly maxErrors: number
  readonly tls: { readonly key: string; readonly cert: string }
}

/** A complete message of a known peer; nothing of it is stored for good yet. */
export interface Arrival extends Arrived {
  readonly peer: Peer
  readonly identity: 'certificate' | 'address'
  readonly recipients: readonly InboundRecipient[]
  readonly received: ReceivedMessage
  /** Octets of our trace fields, which stand in front. */
  readonly traceOctets: number
  /** Hex SHA-256 over the octets as they came, without our trace fields. */
  readonly sha256: string
  /** The outermost header, ours included. */
  readonly header: readonly HeaderField[]
}
