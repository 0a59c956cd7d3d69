import { expect, test } from 'vitest'
import { CertificateValidator } from '../../../../evidence/status/certificate-validator.ts'
import { HttpTimestamper } from '../../../../evidence/tsa/client.ts'
import type { Clock } from '../../../../mail/clock.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { TsaStatus } from '../../../../server/issue/tsa-status.ts'
import { authorityInfoAccess } from '../../../fakes/crl-parts.ts'
import { startCrlServer } from '../../../fakes/crl-server.ts'
import { eventually } from '../../../fakes/eventually.ts'
import { answer, type CertStatus, readOcspRequest } from '../../../fakes/ocsp-responder.ts'
import { freshCrl, pki } from '../../../fakes/pki.ts'
import { statusSource } from '../../../fakes/status-source.ts'
import { startTsa } from '../../../fakes/tsa.ts'
import { octets, startWebServer } from '../../../fakes/web-server.ts'

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

test('a responder is asked once a minute while tokens come, however long its answers last', async () => {
  const { root, intermediate } = pki()
  let ahead = 0
  const clock: Clock = { now: () => new Date(Date.now() + ahead), monotonic: () => performance.now() }
  await using server = await startWebServer({ '/root.crl': octets(freshCrl(root)) })
  const extensions = [authorityInfoAccess({ ocsp: server.url('/ocsp') })]
  const { certificate: named } = pki().issue({ kind: 'tsa' }, { crlUrl: null, extensions })
  let status: CertStatus = 'good'
  server.handlers.set('/ocsp', (response, body) => {
    const { certId } = readOcspRequest(body)
    const [thisUpdate, nextUpdate] = [clock.now(), new Date(clock.now().getTime() + 7 * 86_400_000)]
    const single = { certificate: named, certId, thisUpdate, nextUpdate, status }
    response.end(answer({ issuer: intermediate, producedAt: thisUpdate, singles: [single] }))
  })
  const authority = new TsaStatus(
    new CertificateValidator({
      anchors: [root.certificate],
      furtherLists: [server.url('/root.crl')],
      status: statusSource({ clock, maxAgeMs: 86_400_000, ocsp: { certId: 'sha1', nonce: 'off' } }),
    }),
    clock,
  )
  const stamped = { certificate: named, path: [named, intermediate.certificate, root.certificate] }
  const asked = () => server.asked.filter((line) => line === 'POST /ocsp').length
  for (let i = 0; i < 20; i++) expect(await authority.refusal(stamped)).toBe(undefined)
  expect(asked()).toBe(1)
  status = { revoked: new Date(clock.now().getTime() - 1000) }
  ahead += 61_000
  await eventually(async () => (await authority.refusal(stamped)) ?? undefined)
  expect(await authority.refusal(stamped)).toMatch(/^REVOKED /)
  expect(asked()).toBe(2)
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
