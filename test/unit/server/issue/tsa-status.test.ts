import { expect, test } from 'vitest'
import { CertificateValidator } from '../../../../evidence/status/certificate-validator.ts'
import { HttpTimestamper } from '../../../../evidence/tsa/client.ts'
import type { Clock } from '../../../../mail/clock.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { TsaStatus } from '../../../../server/issue/tsa-status.ts'
import { startCrlServer } from '../../../fakes/crl-server.ts'
import { eventually } from '../../../fakes/eventually.ts'
import { pki } from '../../../fakes/pki.ts'
import { statusSource } from '../../../fakes/status-source.ts'
import { startTsa } from '../../../fakes/tsa.ts'

const { certificate, signer } = pki().tsa
const token = { certificate, path: [certificate, pki().intermediate.certificate, pki().root.certificate] }

async function house(options: { lists?: 'none' } = {}) {
  const lists = await startCrlServer(pki())
  let ahead = 0
  const clock: Clock = { now: () => new Date(Date.now() + ahead), monotonic: () => performance.now() }
  const validator = new CertificateValidator({
    anchors: [pki().root.certificate],
    status: statusSource({ clock, maxAgeMs: 1000 }),
    furtherLists: options.lists === 'none' ? [] : lists.urls,
  })
  return {
    lists,
    status: new TsaStatus(validator, clock),
    pass: (milliseconds: number) => {
      ahead += milliseconds
    },
    [Symbol.asyncDispose]: () => lists[Symbol.asyncDispose](),
  }
}

test('an authority in good standing is taken, one of which nobody tells too', async () => {
  await using known = await house()
  expect(await known.status.refusal(token)).toBe(undefined)
  await using silent = await house({ lists: 'none' })
  expect(await silent.status.refusal(token)).toBe(undefined)
})

test('a revoked one is refused, and the client asks the next TSA', async () => {
  await using own = await house()
  own.lists.revoke(certificate.serialBytes)
  expect(await own.status.refusal(token)).toMatch(/^REVOKED /)
  const other = pki().issue({ kind: 'tsa' })
  await using first = await startTsa({ signer })
  await using second = await startTsa({ signer: other.signer })
  const failures: string[] = []
  const client = new HttpTimestamper({
    urls: [first.url, second.url],
    trust: () => ({ ...pki().trust, revocation: 'if-present' }),
    clock: systemClock,
    timeoutMs: 5000,
    refusal: (stamped) => own.status.refusal(stamped),
    onFailure: (error) => failures.push(error.code),
  })
  const made = await client.stamp(Buffer.alloc(32, 7), 'sha256')
  client.close()
  expect(made.certificate.fingerprint).toBe(other.certificate.fingerprint)
  expect(failures).toEqual(['UNTRUSTED'])
})

test('a verdict is renewed while the last one serves', async () => {
  await using own = await house()
  expect(await own.status.refusal(token)).toBe(undefined)
  own.lists.revoke(certificate.serialBytes)
  expect(await own.status.refusal(token)).toBe(undefined)
  own.pass(61_000)
  await eventually(async () => (await own.status.refusal(token)) ?? undefined)
  expect(await own.status.refusal(token)).toMatch(/^REVOKED /)
})

test('a fault of our own in the judging refuses nobody, and ends nothing', async () => {
  class Failing extends CertificateValidator {
    override async validate(): Promise<never> {
      throw new Error('a fault of ours')
    }
  }
  const validator = new Failing({
    anchors: [],
    status: statusSource({ clock: systemClock }),
    furtherLists: [],
  })
  let ahead = 0
  const clock: Clock = { now: () => new Date(Date.now() + ahead), monotonic: () => performance.now() }
  const status = new TsaStatus(validator, clock)
  for (let i = 0; i < 3; i++) {
    expect(await status.refusal(token)).toBe(undefined)
    ahead += 120_000
  }
})
