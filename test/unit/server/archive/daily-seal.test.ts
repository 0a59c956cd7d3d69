import { expect, test } from 'vitest'
import { verifyFile } from '../../../../evidence/index.ts'
import { ChainArchive, EVIDENCE_CHAIN } from '../../../../server/archive/chain-archive.ts'
import { DailySeal } from '../../../../server/archive/daily-seal.ts'
import { EventLog } from '../../../../server/event-log/event-log.ts'
import { localTimestamper } from '../../../fakes/evidence.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'
import { pki } from '../../../fakes/pki.ts'

const HOUR = 3_600_000

class FailingArchive extends ChainArchive {
  failsOnce = false
  override async seal(upTo: number, octets: Uint8Array): Promise<void> {
    if (this.failsOnce) {
      this.failsOnce = false
      throw new Error('no disk')
    }
    await super.seal(upTo, octets)
  }
}

test('12.4: each day the heads of both chains are signed and time-stamped, once, and the seal verifies', async () => {
  await using store = await openMemoryStore(new Disk())
  let now = Date.now()
  let certain = false
  const clock = { now: () => new Date(now), monotonic: () => now }
  const eventLog = new EventLog({
    store,
    clock,
    keepYears: 20,
    lost: (error) => {
      throw error
    },
  })
  const archive = new FailingArchive(store, clock, EVIDENCE_CHAIN)
  const seal = new DailySeal({
    store,
    clock,
    eventLog,
    archive,
    signer: pki().provider.signer,
    timestamper: localTimestamper(),
    zone: 'Europe/Istanbul',
    clockIsCertain: () => certain,
  })
  const sealed = async () => (await eventLog.list({}, 0, 100)).filter(({ what }) => what === 'sealed')
  await eventLog.record({ what: 'login', by: { person: 'ayse' }, account: 'a@hs98.kep.tr' })
  await archive.append({
    eventId: 'ev1',
    bytes: Buffer.from('<a/>'),
    intake: undefined,
    meta: '{}',
    parties: [],
    at: now,
    keepUntil: now,
  })
  await seal.round()
  expect(await sealed()).toEqual([]) // no day is reckoned by a clock in doubt
  certain = true
  const head = await store.chain.head('events')
  const evidence = await store.chain.head('evidence')
  archive.failsOnce = true
  await expect(seal.round()).rejects.toThrow('no disk')
  expect(await sealed()).toHaveLength(1)
  await seal.round() // goes on with the seal that is there
  await seal.round()
  const [first, ...more] = await sealed()
  expect(more).toEqual([])
  const { heads, seal: cms } = (first?.details ?? {}) as { heads: string; seal: string }
  const hex = (hash: Uint8Array | undefined) => Buffer.from(hash ?? []).toString('hex')
  expect(heads).toBe(`events 1 ${hex(head?.hash)}\nevidence 1 ${hex(evidence?.hash)}\n`)
  const report = await verifyFile(
    { name: 'seal.p7s', octets: Buffer.from(cms, 'base64'), content: Buffer.from(heads) },
    {
      anchors: [pki().root.certificate],
      intermediates: [],
      crls: [],
      revocation: 'if-present',
      now: clock.now(),
    },
  )
  expect(report).toMatchObject({ verdict: 'TOTAL-PASSED', timestamps: [{}] })
  now += 25 * HOUR
  await seal.round()
  expect(await sealed()).toHaveLength(2)
  // What was sealed lies in segments, each with the seal that proves its end.
  const segments = [await store.chain.segments('events', 0, 9), await store.chain.segments('evidence', 0, 9)]
  expect(segments.map((all) => all.map(({ from, upTo }) => [from, upTo]))).toEqual([
    [
      [1, 1],
      [2, 2],
    ],
    [[1, 1]],
  ])
  const [segment] = segments[1] ?? []
  expect(JSON.parse(Buffer.from(segment?.seal ?? []).toString())).toEqual({ heads, seal: cms })
  const [line] = Buffer.from(await store.blobs.read(segment!.body))
    .toString()
    .split('\n')
  expect(JSON.parse(line ?? '')).toMatchObject({
    seq: 1,
    eventId: 'ev1',
    hash: Buffer.from(evidence!.hash).toString('base64'),
  })
})
