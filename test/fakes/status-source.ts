/** Status as the daemon fetches it; this machine may be asked. */
import { type StatusKind, type StatusSettings, StatusSource } from '../../evidence/status/status-source.ts'
import type { Resolve } from '../../evidence/status/web.ts'
import { type Clock, systemClock } from '../../mail/clock.ts'

export const statusSource = (
  given: Partial<StatusSettings> & {
    readonly clock?: Clock
    readonly resolve?: Resolve
    readonly onFailure?: (kind: StatusKind, url: string, error: Error) => void
  } = {},
): StatusSource => {
  const { clock = systemClock, resolve, onFailure = () => {}, ...settings } = given
  return new StatusSource({
    clock,
    resolve,
    onFailure,
    settings: () => ({
      maxAgeMs: 60_000,
      ocsp: { certId: 'sha1', nonce: 'send' },
      privateHosts: ['127.0.0.1'],
      aiaHosts: [],
      ...settings,
    }),
  })
}
