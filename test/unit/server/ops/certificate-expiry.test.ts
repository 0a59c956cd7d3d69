import { expect, test } from 'vitest'
import { certificateExpiry } from '../../../../server/ops/certificate-expiry.ts'
import { pki } from '../../../fakes/pki.ts'

const DAY = 86_400_000

test('of each use the certificate that runs out first is told, and warned of in time', async () => {
  const { provider, tls, intermediate } = pki()
  const told: unknown[] = []
  const now = provider.certificate.notAfter.getTime() - 30 * DAY
  const duty = (warnBefore: number) =>
    certificateExpiry({
      clock: { now: () => new Date(now), monotonic: () => now },
      events: { certificateExpires: (...about) => told.push(about) },
      certificates: () => ({
        envelope: [intermediate.certificate, provider.certificate],
        tls: [tls.certificate],
        none: [],
      }),
      warnBefore,
    })
  const left = [30 * DAY, tls.certificate.notAfter.getTime() - now]
  for (const warnBefore of [31 * DAY, 29 * DAY]) await duty(warnBefore).round(new AbortController().signal)
  expect(told).toEqual([
    ['envelope', provider.certificate.serial, left[0], true],
    ['tls', tls.certificate.serial, left[1], true],
    ['envelope', provider.certificate.serial, left[0], false],
    ['tls', tls.certificate.serial, left[1], false],
  ])
})
