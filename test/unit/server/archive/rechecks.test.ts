import { expect, test } from 'vitest'
import { CertificateValidator } from '../../../../evidence/status/certificate-validator.ts'
import { issueCrl } from '../../../../evidence/x509/issue.ts'
import type { SubmissionRecord } from '../../../../mail/submission-record.ts'
import { ChainArchive, RECHECK_CHAIN } from '../../../../server/archive/chain-archive.ts'
import { MaterialArchive } from '../../../../server/archive/material.ts'
import { Rechecks } from '../../../../server/archive/rechecks.ts'
import { recheckSigners } from '../../../../server/issue/recheck.ts'
import { NotYet } from '../../../../server/issue/steps.ts'
import { authorityInfoAccess } from '../../../fakes/crl-parts.ts'
import { localTimestamper } from '../../../fakes/evidence.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'
import { answer, readOcspRequest } from '../../../fakes/ocsp-responder.ts'
import { freshCrl, pki } from '../../../fakes/pki.ts'
import { statusSource } from '../../../fakes/status-source.ts'
import { startWebServer } from '../../../fakes/web-server.ts'

const HOUR = 3_600_000
const GRACE = 24 * HOUR
/** Seconds are as fine as lists and answers tell time. */
const BEGIN = Math.floor(Date.now() / 1000) * 1000

/** A CA that publishes as it is told, one signer of its, and the recheck of what that one signed. */
async function house(way: 'ocsp' | 'list') {
  const { root } = pki()
  const store = await openMemoryStore(new Disk())
  let hour = 0
  const clock = { now: () => new Date(BEGIN + hour * HOUR), monotonic: () => performance.now() }
  /** What it publishes from an hour on; and how often it finds out anew, 0 for each question. */
  const never = { date: new Date(), from: Number.POSITIVE_INFINITY }
  const own = { revocation: never, ofIssuer: never, everyHours: 0, validHours: 30 * 24 }
  const knownHour = () => (own.everyHours === 0 ? hour : hour - (hour % own.everyHours))
  const knownAt = () => new Date(BEGIN + knownHour() * HOUR)
  const server = await startWebServer({
    '/root.crl': (response) => {
      const { date, from } = own.ofIssuer
      const revoked = from <= hour ? [{ serial: authority.certificate.serialBytes, date }] : []
      response.end(freshCrl(root, revoked, clock.now()))
    },
  })
  const authority = pki().issue({ kind: 'intermediate' }, { issuer: root, crlUrl: server.url('/root.crl') })
  const { certificate } = pki().issue(
    { kind: 'user', email: 'a@hs98.kep.tr' },
    {
      crlUrl: way === 'list' ? server.url('/ca.crl') : null,
      issuer: authority,
      extensions: way === 'ocsp' ? [authorityInfoAccess({ ocsp: server.url('/ocsp') })] : [],
    },
  )
  const told = () => (own.revocation.from <= knownHour() ? own.revocation.date : undefined)
  server.handlers.set('/ocsp', (response, body) => {
    const revoked = told()
    const thisUpdate = knownAt()
    const nextUpdate = new Date(thisUpdate.getTime() + own.validHours * HOUR)
    const status = revoked === undefined ? 'good' : { revoked }
    const single = {
      certificate,
      certId: readOcspRequest(body).certId,
      thisUpdate,
      nextUpdate,
      status,
    } as const
    response.end(answer({ issuer: authority, producedAt: clock.now(), singles: [single] }))
  })
  server.handlers.set('/ca.crl', (response) => {
    const date = told()
    const thisUpdate = knownAt()
    const nextUpdate = new Date(thisUpdate.getTime() + own.validHours * HOUR)
    const revoked = date === undefined ? [] : [{ serial: certificate.serialBytes, date }]
    response.end(issueCrl({ issuer: authority, number: 1, thisUpdate, nextUpdate, revoked }))
  })
  const validator = new CertificateValidator({
    anchors: [root.certificate],
    furtherLists: [],
    status: statusSource({ clock, maxAgeMs: 24 * HOUR, ocsp: { certId: 'sha1', nonce: 'off' } }),
  })
  const materials = new MaterialArchive(store)
  const rechecks = new Rechecks({
    store,
    clock,
    materials,
    archive: new ChainArchive(store, clock, RECHECK_CHAIN),
    validator: () => validator,
    signer: () => pki().provider.signer,
    timestamper: localTimestamper(),
    events: { rechecked: () => {} },
    keepYears: 20,
  })
  /** As a submission does. */
  const accept = async (): Promise<SubmissionRecord> => {
    const at = clock.now()
    const path = await validator.validate(certificate, {
      intermediates: [authority.certificate],
      at,
      revocation: 'require',
      freshSince: at,
    })
    if (!path.ok) throw new Error(path.detail)
    const report = { paths: [{ certificate: certificate.fingerprint }] }
    const staged = await materials.stage([{ certificate, path }], report)
    await store.blobs.save(staged, 'archive')
    return {
      id: `intake-${hour}`,
      origin: 'submission',
      decidedAt: at.toISOString(),
      message: { size: 1, sha256: '00', eightBit: false },
      signature: { revocation: 'checked', material: staged.ref.hash, materialSize: staged.ref.size },
    } as SubmissionRecord
  }
  /** What the deadline's step finds; or "not yet", and when it looks again, in hours. */
  const recheck = async (record: SubmissionRecord): Promise<string | number> => {
    const parts = { rechecks, clock, recheckGrace: () => GRACE } as never
    try {
      await recheckSigners(parts, {} as never, record as never)
    } catch (error) {
      if (error instanceof NotYet) return (error.at - BEGIN) / HOUR
      throw error
    }
    return (await rechecks.make(record, clock.now())) ?? 'undecided'
  }
  return {
    own,
    server,
    accept,
    recheck,
    goTo: (to: number) => {
      hour = to
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

test.each([
  ['ocsp', 0.02],
  ['list', 13],
] as const)(
  '%s: what another message had asked after the acceptance says nothing of the grace period',
  async (way, other) => {
    await using kep = await house(way)
    kep.own.validHours = 12
    const first = await kep.accept()
    kep.goTo(other)
    await kep.accept()
    kep.own.revocation = { date: new Date(BEGIN - 2 * HOUR), from: other + 0.1 }
    kep.goTo(24)
    expect(await kep.recheck(first)).toBe('revoked-before')
  },
)

test.each(['ocsp', 'list'] as const)(
  '%s of what was known before the deadline is asked again, until a younger one is there',
  async (way) => {
    await using kep = await house(way)
    const first = await kep.accept()
    kep.own.everyHours = 28 // the next one tells of hour 28
    kep.own.revocation = { date: new Date(BEGIN), from: 26 }
    for (const hour of [24, 27]) {
      kep.goTo(hour)
      expect(await kep.recheck(first)).toBe(hour + 6)
    }
    kep.goTo(30)
    expect(await kep.recheck(first)).toBe('revoked-before')
  },
)

test('what was told meanwhile of the CA itself is asked for too', async () => {
  await using kep = await house('ocsp')
  kep.goTo(-10)
  await kep.accept()
  kep.goTo(0)
  const first = await kep.accept()
  kep.goTo(15)
  await kep.accept() // the root's list was a day old, and was got anew
  kep.own.ofIssuer = { date: new Date(BEGIN - 2 * HOUR), from: 20 }
  kep.goTo(24)
  expect(await kep.recheck(first)).toBe('revoked-before')
})

test('a list once a week is waited for; one that never comes again, for 30 days after the deadline', async () => {
  await using kep = await house('list')
  kep.own.everyHours = 24 * 7
  const first = await kep.accept()
  kep.goTo(24 * 6.9)
  expect(await kep.recheck(first)).toBeTypeOf('number')
  kep.goTo(24 * 7.2)
  expect(await kep.recheck(first)).toBe('held')
  const second = await kep.accept()
  kep.own.everyHours = 24 * 1000
  kep.goTo(24 * (7.2 + 1 + 29.9))
  expect(await kep.recheck(second)).toBeTypeOf('number')
  kep.goTo(24 * (7.2 + 1 + 30.1))
  expect(await kep.recheck(second)).toBe('unknown')
})
