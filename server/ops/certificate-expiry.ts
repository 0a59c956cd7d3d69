import type { Certificate } from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Duty } from '../rounds.ts'
import type { Events } from './events.ts'

/** Certificates run out by the day. */
const EVERY_MS = 3_600_000

export interface CertificateExpiryParts {
  readonly clock: Clock
  readonly events: Pick<Events, 'certificateExpires'>
  /** In use now, by what for: of our keys, with their chains. */
  readonly certificates: () => Readonly<Record<string, readonly Certificate[]>>
  /** ms before the end at which the operator is warned. */
  readonly warnBefore: number
}

/** Says of each use when the first of its certificates runs out, long before nothing can be signed any more. */
export const certificateExpiry = ({
  clock,
  events,
  certificates,
  warnBefore,
}: CertificateExpiryParts): Duty => ({
  where: 'ops',
  startsAtOnce: true,
  pauseMs: () => EVERY_MS,
  round: async () => {
    const now = clock.now().getTime()
    for (const [use, all] of Object.entries(certificates())) {
      const [first] = all.toSorted((a, b) => a.notAfter.getTime() - b.notAfter.getTime())
      if (first === undefined) continue
      const left = first.notAfter.getTime() - now
      events.certificateExpires(use, first.serial, left, left < warnBefore)
    }
  },
})
