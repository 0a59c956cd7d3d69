import { expect, test } from 'vitest'
import type { Certificate } from '../../../../evidence/index.ts'
import { certificateExpiry } from '../../../../server/ops/certificate-expiry.ts'
import { daysFromNow, pki } from '../../../fakes/pki.ts'

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
        envelope: [[intermediate.certificate, provider.certificate]],
        tls: [[tls.certificate]],
        none: [],
      }),
      warnBefore: () => warnBefore,
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

test('of several keys of one use it is told until when one is valid after the other', async () => {
  const kinds = { kind: 'provider', email: 'kep@hs98.kep.tr' } as const
  const chain = (from: number, until: number) => [
    pki().issue(kinds, { notBefore: daysFromNow(from), notAfter: daysFromNow(until) }).certificate,
  ]
  const now = daysFromNow(0).getTime()
  const leftOf = async (...chains: (readonly Certificate[])[]): Promise<number | undefined> => {
    let left: number | undefined
    const duty = certificateExpiry({
      clock: { now: () => new Date(now), monotonic: () => now },
      events: { certificateExpires: (_use, _serial, ms) => (left = Math.round(ms / DAY)) },
      certificates: () => ({ evidence: chains }),
      warnBefore: () => 0,
    })
    await duty.round(new AbortController().signal)
    return left
  }
  expect(await leftOf(chain(-5, 10), chain(5, 100))).toBe(100)
  expect(await leftOf(chain(5, 100), chain(-5, 10))).toBe(100)
  expect(await leftOf(chain(-5, 10), chain(12, 100))).toBe(10)
  expect(await leftOf(chain(-50, -10), chain(-5, 30), chain(-4, 20))).toBe(30)
  expect(await leftOf(chain(-50, -10))).toBe(-10)
})
