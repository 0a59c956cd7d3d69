import type { Config } from '../config/schema.ts'
import { parsePemCertificates } from '../evidence/index.ts'
import { ArchiveRenewal, DailySeal, type DailySealParts } from './archive/daily-seal.ts'
import { ValidationData, type ValidationParts } from './archive/validation-data.ts'
import { stampCredit } from './issue/stamp-credit.ts'
import type { WatchedTimestamper } from './issue/watched-timestamper.ts'
import { certificateExpiry } from './ops/certificate-expiry.ts'
import type { Events } from './ops/events.ts'
import { trustListExpiry } from './ops/trust-list-expiry.ts'
import { PurseSweep, type SweepParts } from './purse/sweep.ts'
import { Retention, type RetentionParts } from './retention/retention.ts'
import type { Duty } from './rounds.ts'
import { Filling, type FillingParts } from './search-index/filling.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { TrustedRoles } from './trusted.ts'

type DutyParts = SweepParts &
  RetentionParts & {
    readonly sealing: DailySealParts
    readonly validation: ValidationParts
    readonly filling: FillingParts
    readonly events: Events
    readonly signing: Pick<SigningKeys, 'certificates'>
    /** ms, as it is now. */
    readonly warnBefore: () => number
    /** PEM, as they are now. */
    readonly tlsCertificates: () => string
    /** As it is now. */
    readonly trusted: () => TrustedRoles
    readonly timestamper: WatchedTimestamper
  }

/** What has to be looked after whatever mail comes; of several processes any may do it, and one does it at a time. */
export const dutiesOf = ({ tsa }: Config, parts: DutyParts): Duty[] => [
  new PurseSweep(parts),
  new ValidationData(parts.validation),
  new DailySeal(parts.sealing),
  new ArchiveRenewal(parts.sealing),
  new Retention(parts),
  new Filling(parts.filling),
  certificateExpiry({
    clock: parts.clock,
    events: parts.events,
    certificates: () => ({
      ...parts.signing.certificates(),
      tls: [parsePemCertificates(parts.tlsCertificates())],
    }),
    warnBefore: parts.warnBefore,
  }),
  trustListExpiry(parts),
  stampCredit({
    timestamper: parts.timestamper,
    events: parts.events,
    urls: tsa.accounts.map(({ url }) => url),
    low: tsa.lowCredit,
  }),
]
