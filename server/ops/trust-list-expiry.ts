import type { Clock } from '../../mail/clock.ts'
import type { Duty } from '../rounds.ts'
import type { BelievedList, TrustedRoles } from '../trusted.ts'
import type { Events } from './events.ts'

/** Next updates are days ahead. */
const EVERY_MS = 3_600_000
/** A list is published anew some days before its next update is due; then the timer that fetches it has failed for days. */
const WARN_BEFORE_MS = 7 * 86_400_000

/**
 * Says of each trusted list how long it counts. One that ran out is believed on, or one late list would turn all mail away; but
 * the next start stops at it.
 */
export const trustListExpiry = ({
  clock,
  events,
  trusted,
}: {
  readonly clock: Clock
  readonly events: Pick<Events, 'trustLists'>
  /** As it is now. */
  readonly trusted: () => TrustedRoles
}): Duty => ({
  where: 'ops',
  startsAtOnce: true,
  pauseMs: () => EVERY_MS,
  round: async () => {
    const now = clock.now().getTime()
    const { users, providers, tsas } = trusted()
    const lists = new Map<string, BelievedList>()
    for (const list of [users, providers, tsas].flatMap((one) => one.lists)) lists.set(list.file, list)
    events.trustLists(
      [...lists.values()].flatMap(({ file, nextUpdate }) => {
        if (nextUpdate === undefined) return []
        const leftMs = nextUpdate.getTime() - now
        return [{ file, leftMs, isNear: leftMs < WARN_BEFORE_MS }]
      }),
    )
  },
})
