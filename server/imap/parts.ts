import type { Clock } from '../../mail/clock.ts'
import type { MimeLimits } from '../../mail/mime-part.ts'
import type { Store } from '../../storage/port.ts'
import type { LoginDesk } from '../accounts/login.ts'
import type { ConnectionCensus } from '../connection-census.ts'
import type { EventRecorder } from '../event-log/event-log.ts'
import type { Events } from '../ops/events.ts'
import type { Clients } from '../proxied/front.ts'
import type { Retrievals } from '../retrieval.ts'
import type { SaslOffer } from '../sasl/context.ts'
import type { TokenBuckets } from '../token-buckets.ts'
import type { AccountHints } from './account-hints.ts'
import type { KnownValues } from './known-values.ts'

/** What the IMAP server is made of. */
export interface ImapParts {
  readonly store: Store
  readonly desk: LoginDesk
  readonly census: ConnectionCensus
  /** Who connects, behind balancers too. */
  readonly clients: Clients
  readonly events: Events
  readonly eventLog: EventRecorder
  /** Octets of records that one account's persons may cause. */
  readonly recordBudget: TokenBuckets
  readonly retrievals: Retrievals
  readonly sasl: SaslOffer
  readonly clock: Clock
  /** The provider's domain, as the greeting shows it. */
  readonly domain: string
  /** The provider as people know it, and a URI under which they reach it. */
  readonly about: { readonly name: string; readonly contact?: string | undefined }
  /** As the operator has it now; the account decides beside that. */
  readonly usesTextFilters: () => boolean
  readonly accountHints: AccountHints
  readonly knownValues: KnownValues
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string }
  readonly limits: {
    /** From accept to login, ms. */
    readonly loginTimeMs: number
    /** Octets of one APPEND. */
    readonly appendMax: number
    readonly mimeLimits: MimeLimits
  }
}
