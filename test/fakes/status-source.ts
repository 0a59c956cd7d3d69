/** Status as the daemon fetches it; this machine may be asked. */
import type { TrustDesk } from '../../evidence/desk/desk.ts'
import { type StatusKind, type StatusSettings, StatusSource } from '../../evidence/status/status-source.ts'
import type { Resolve } from '../../evidence/status/web.ts'
import { type Clock, systemClock } from '../../mail/clock.ts'

export const statusSource = (
  given: Partial<StatusSettings> & {
    readonly clock?: Clock
    readonly resolve?: Resolve
    readonly desk?: TrustDesk
    readonly onFailure?: (kind: StatusKind, url: string, error: Error) => void
  } = {},
): StatusSource => {
  const { clock = systemClock, resolve, desk, onFailure = () => {}, ...settings } = given
  return new StatusSource({
    clock,
    resolve,
    desk,
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
