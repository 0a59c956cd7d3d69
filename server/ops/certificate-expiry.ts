import type { Certificate } from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Duty } from '../rounds.ts'
import type { Events } from './events.ts'

/** Certificates run out by the day. */
const EVERY_MS = 3_600_000

export interface CertificateExpiryParts {
  readonly clock: Clock
  readonly events: Pick<Events, 'certificateExpires'>
  /** Of our keys, by what for: the certificate and chain of each. Several stand for one another. */
  readonly certificates: () => Readonly<Record<string, readonly (readonly Certificate[])[]>>
  /** ms before the end at which the operator is warned. */
  readonly warnBefore: () => number
}

/** Says of each use until when it is covered without a gap, long before nothing can be signed any more. */
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
    for (const [use, chains] of Object.entries(certificates())) {
      const last = lastCovering(chains, now)
      if (last === undefined) continue
      const left = last.notAfter.getTime() - now
      events.certificateExpires(use, last.serial, left, left < warnBefore())
    }
  },
})

/** The certificate with whose end nothing is valid any more; where nothing is valid now, the one that ended last. */
function lastCovering(chains: readonly (readonly Certificate[])[], now: number): Certificate | undefined {
  const spans = chains
    .flatMap((chain) => {
      const [first] = chain.toSorted((a, b) => a.notAfter.getTime() - b.notAfter.getTime())
      const from = Math.max(...chain.map(({ notBefore }) => notBefore.getTime()))
      return first === undefined ? [] : [{ from, first }]
    })
    .toSorted((a, b) => a.from - b.from)
  let last: Certificate | undefined
  for (const { from, first } of spans) {
    const covered = Math.max(now, last?.notAfter.getTime() ?? 0)
    if (from > covered) break
    if (last === undefined || first.notAfter > last.notAfter) last = first
  }
  return last ?? spans.at(0)?.first
}
