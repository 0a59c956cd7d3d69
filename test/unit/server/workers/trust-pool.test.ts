import { hash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { OID } from '../../../../evidence/asn1/oid.ts'
import { integer, oid, retag, sequence, setOf, tagged } from '../../../../evidence/asn1/writer.ts'
import { OpaqueReader } from '../../../../evidence/cms/opaque.ts'
import { signDetached, signEnclosed } from '../../../../evidence/cms/sign.ts'
import { deskHere, type TrustDesk } from '../../../../evidence/desk/desk.ts'
import type { TrustJob } from '../../../../evidence/desk/job.ts'
import { remoteDesk } from '../../../../evidence/desk/remote-desk.ts'
import type { PathResult, TrustContext } from '../../../../evidence/ports.ts'
import { TrustPool } from '../../../../server/workers/trust-pool.ts'
import { signedEvidence, trustOptions } from '../../../fakes/evidence.ts'
import { emptyCrl, makeRoot, pki } from '../../../fakes/pki.ts'

const serials = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    serial: Uint8Array.of(1, at >> 8, at & 255, 9),
    date: new Date(0),
  }))
/** More than is read in the caller's thread. */
const large = (revoked: readonly Uint8Array[] = []): Uint8Array =>
  emptyCrl(pki().intermediate, [
    ...serials(8_000),
    ...revoked.map((serial) => ({ serial, date: new Date(0) })),
  ])

/** A desk over one thread, and the kinds of jobs that it gave away. */
function desk(pool: TrustPool): { desk: TrustDesk; given: string[] } {
  const given: string[] = []
  const elsewhere = (job: TrustJob, signal?: AbortSignal) => {
    given.push(job.kind)
    return pool.run(job, signal)
  }
  return { desk: remoteDesk(elsewhere), given }
}

const shown = (result: PathResult) =>
  result.ok ? { ...result, path: result.path.map(({ fingerprint }) => fingerprint) } : result

describe('what comes back from a thread is what is found here', () => {
  const now = new Date()
  const context = (changes: Partial<TrustContext> = {}): TrustContext => ({
    ...pki().trust,
    at: now,
    ...changes,
  })

  test('paths with large lists: good, revoked, by other anchors, out of date', async () => {
    await using pool = new TrustPool({ threads: 1 })
    const { desk: remote, given } = desk(pool)
    const { user, root } = pki()
    const list = remote.hold(large())
    const revoking = remote.hold(large([user.certificate.serialBytes]))
    const asked = [
      context({ crls: [emptyCrl(root), list] }),
      context({ crls: [emptyCrl(root), list, revoking] }),
      // Whom the caller believes counts at each question: after a reload nothing of before is left in the thread.
      context({ crls: [emptyCrl(root), list], anchors: [makeRoot('Yabancı').certificate] }),
      context({ crls: [emptyCrl(root), list] }),
      context({ crls: [list] }),
      context({ crls: [list], at: new Date(0) }),
    ]
    const told: unknown[] = []
    for (const question of asked) {
      const result = await remote.path(user.certificate, question)
      expect(shown(result)).toEqual(shown(await deskHere.path(user.certificate, question)))
      told.push(result.ok ? result.revocation : result.failure)
      if (result.ok) expect(result.path[0]).toBe(user.certificate)
      if (result.ok) for (const used of result.usedCrls) expect(question.crls).toContain(used)
    }
    expect(told).toEqual(['checked', 'REVOKED', 'NO_PATH', 'checked', 'REVOCATION_UNKNOWN', 'NOT_YET_VALID'])
    expect(given).toEqual(Array(asked.length).fill('path'))
  })

  test('lists', async () => {
    await using pool = new TrustPool({ threads: 1 })
    const { desk: remote, given } = desk(pool)
    const list = remote.hold(large())
    const { intermediate, root } = pki()
    const facts = await remote.list(list, intermediate.certificate)
    expect(facts).toEqual(await deskHere.list(list, intermediate.certificate))
    expect(facts.genuine).toBe(true)
    expect((await remote.list(list, root.certificate)).genuine).toBe(false)
    await expect(remote.list(list.subarray(0, -1))).rejects.toThrow('MALFORMED_CRL')
    expect(given).toEqual(['list', 'list', 'list'])
    await remote.list(emptyCrl(root))
    expect(given).toHaveLength(3)
  })

  test('evidence: to a thousand, forged, and what it rests on', async () => {
    await using pool = new TrustPool({ threads: 1 })
    const { desk: remote, given } = desk(pool)
    const recipients = Array.from({ length: 1000 }, (_, at) => ({ addresses: [`r${at}@hs98.kep.tr`] }))
    const good = await signedEvidence(Buffer.from('x'), { recipients, delegates: [] })
    const forged = Buffer.from(Buffer.from(good).toString().replace('r999@', 'r998@'))
    const options = { ...trustOptions(), stamps: pki().trust }
    for (const octets of [good, forged]) {
      const read = await remote.evidence(octets, options)
      const here = await deskHere.evidence(octets, options)
      const { token, ...judged } = here.judged
      expect(read).toMatchObject({ claimed: here.claimed, judged })
      expect(read.judged.token?.time).toEqual(token?.time)
      expect(read.judged.token?.certificate).toBe(token?.certificate)
      expect(read.claimed?.recipients).toHaveLength(1000)
      expect(read.judged.fields === undefined).toBe(octets === forged)
    }
    expect(await remote.restsOn(good)).toEqual(await deskHere.restsOn(good))
    await expect(remote.restsOn(Buffer.alloc(40_000, ' '))).rejects.toThrow()
    expect(given).toEqual(['evidence', 'evidence', 'restsOn', 'restsOn'])
  })

  test('signatures: many signers, other content, octets that are none', async () => {
    await using pool = new TrustPool({ threads: 1 })
    const { desk: remote, given } = desk(pool)
    const content = Buffer.from('Sayın ilgili')
    const { user } = pki()
    const whole = await signDetached({
      digest: hash('sha256', content, 'buffer'),
      signer: { ...user.signer, chain: Array(24).fill(pki().provider.certificate) },
      signingTime: now,
    })
    expect(whole.length).toBeGreaterThan(16 * 1024)
    for (const said of [content, Buffer.from('x')]) {
      const digestOf = (name: string) => hash(name, said, 'buffer')
      const report = await remote.signature(whole, digestOf)
      expect(report).toEqual(await deskHere.signature(whole, digestOf))
      expect(report.signers[0]?.failure).toBe(said === content ? undefined : 'DIGEST_MISMATCH')
    }
    const enclosed = await signEnclosed(content, {
      signer: { ...user.signer, chain: Array(24).fill(pki().provider.certificate) },
      signingTime: now,
    })
    const reader = new OpaqueReader(() => {})
    reader.write(enclosed)
    const tail = reader.tail()
    if ('report' in tail) throw new Error('it can be read')
    expect(await remote.opaque(tail)).toEqual(await deskHere.opaque(tail))
    expect(given.splice(-1)).toEqual(['opaque'])
    const nothing = await remote.signature(Buffer.alloc(20_000), () => new Uint8Array(32))
    expect(nothing.signers).toMatchObject([{ ok: false, failure: 'MALFORMED' }])
    expect(given).toEqual(['digests', 'signature', 'digests', 'signature', 'digests', 'signature'])
  })
})

describe('the pool', () => {
  const job = (octets: Uint8Array): TrustJob => ({ kind: 'restsOn', octets })
  let good: Uint8Array
  beforeAll(async () => {
    good = await signedEvidence(Buffer.from('x'))
  })

  test('one thread answers in the order of the questions; at its end it finishes what it has and takes no more', async () => {
    const pool = new TrustPool({ threads: 1 })
    const order: number[] = []
    const asked = [0, 1, 2, 3].map((at) => pool.run(job(good)).then(() => order.push(at)))
    const closed = pool[Symbol.asyncDispose]().then(() => order.push(-1))
    await expect(pool.run(job(good))).rejects.toMatchObject({ name: 'TooHard' })
    await Promise.all([...asked, closed])
    expect(order).toEqual([0, 1, 2, 3, -1])
    await pool[Symbol.asyncDispose]()
  })

  test('too many that wait are refused, and who gives up waits no more', async () => {
    await using pool = new TrustPool({ threads: 1, maxWaiting: 2 })
    const inHand = pool.run(job(good))
    const stop = new AbortController()
    const second = pool.run(job(good), stop.signal)
    const third = pool.run(job(good))
    await expect(pool.run(job(good))).rejects.toMatchObject({ name: 'TooHard' })
    stop.abort(new Error('gone'))
    await expect(second).rejects.toThrow('gone')
    await expect(pool.run(job(good), stop.signal)).rejects.toThrow('gone')
    const fourth = pool.run(job(good))
    expect(await Promise.all([inHand, third, fourth])).toHaveLength(3)
  })

  test('octets that wait are counted; who finds nobody waiting is always taken', async () => {
    await using pool = new TrustPool({ threads: 1, maxWaitingOctets: good.length + 1 })
    const inHand = pool.run(job(good))
    const second = pool.run(job(good))
    await expect(pool.run(job(good))).rejects.toMatchObject({ name: 'TooHard' })
    await Promise.all([inHand, second])
    const large = Buffer.concat([good, Buffer.alloc(good.length, '\n')])
    expect(await Promise.all([pool.run(job(large)), pool.run(job(large))])).toHaveLength(2)
  })

  test('what a job says of its octets is no fault of the thread', async () => {
    const ends: string[] = []
    await using pool = new TrustPool({ threads: 1, onEnd: (outcome) => ends.push(outcome) })
    await expect(pool.run(job(Buffer.from('<a/>')))).rejects.toMatchObject({ name: 'Error' })
    expect(await pool.run(job(good))).toHaveLength(2)
    expect(ends).toEqual(['done', 'done'])
  })
})

test('an algorithm that nobody named is not asked for', async () => {
  await using pool = new TrustPool({ threads: 1 })
  const bare = sequence(
    oid(OID.signedData),
    tagged(0, sequence(integer(1), setOf(), sequence(oid(OID.data)), retag(0xa0, setOf()), setOf())),
  )
  expect(await pool.run({ kind: 'digests', der: bare })).toEqual([])
})
