import { expect, test } from 'vitest'
import { verifyFile } from '../../../../evidence/index.ts'
import { CHAINS } from '../../../../server/archive/chain-archive.ts'
import { DailySeal } from '../../../../server/archive/daily-seal.ts'
import type { Seal } from '../../../../server/archive/seal-record.ts'
import { archiveHouse, damage, proofOf } from '../../../fakes/archive-house.ts'

const HOUR = 3_600_000
const BEGIN = new Date('2026-11-22T09:00:00Z')
const later = (hours: number) => new Date(BEGIN.getTime() + hours * HOUR)

test('12.4: each day the heads of the chains are signed and time-stamped, once, and the seal verifies', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const { store, archive, sealing, eventLog } = house
  const duty = new DailySeal(sealing)
  await eventLog.record({ what: 'login', by: { person: 'ayse' }, account: 'a@hs98.kep.tr' })
  await house.append('evidence', 'ev1', '<a/>')
  await house.append('evidence', 'ev2', '<b/>')
  house.clockIsCertain = false
  await duty.round()
  expect(archive.book.all).toEqual([]) // no day is reckoned by a clock in doubt
  house.clockIsCertain = true
  await duty.round()
  await duty.round()
  expect(archive.book.all).toHaveLength(1)
  const record = (await archive.book.record(1)) as Seal
  const hex = (hash: Uint8Array | undefined) => Buffer.from(hash ?? []).toString('hex')
  const [events, evidence] = [await store.chain.head('events'), await store.chain.head('evidence')]
  const [first, second, ...trees] = record.heads.trimEnd().split('\n')
  expect(first).toBe(`events 1 ${hex(events?.hash)}`)
  expect(second).toBe(`evidence 2 ${hex(evidence?.hash)}`)
  expect(trees).toEqual([
    expect.stringMatching(/^tree events 1 1 sha256 [0-9a-f]{64}$/),
    expect.stringMatching(/^tree evidence 1 2 sha256 [0-9a-f]{64}$/),
  ])
  const report = await verifyFile(
    {
      name: 'seal.p7s',
      octets: Buffer.from(record.signature, 'base64'),
      content: Buffer.from(record.heads),
    },
    {
      anchors: [house.tsaRoot.root],
      intermediates: [],
      crls: [],
      revocation: 'if-present',
      now: house.clock.now(),
    },
  )
  expect(report).toMatchObject({ verdict: 'TOTAL-PASSED', timestamps: [{}] })
  house.goTo(later(25))
  await house.append('validation', 'v1', '{}')
  await duty.round()
  expect(archive.book.all).toHaveLength(2)
  // What was sealed lies in segments, each with the seal that proves its end; the first seal is sealed by the second.
  const spans = await Promise.all(
    CHAINS.map(async (chain) =>
      (await store.chain.segments(chain, 0, 9)).map(({ from, upTo }) => [from, upTo]),
    ),
  )
  expect(spans).toEqual([[[1, 1]], [[1, 2]], [[1, 1]], [], [[1, 1]]])
  for (const [chain, sequence] of [
    ['events', 1],
    ['evidence', 2],
    ['validation', 1],
    ['seals', 1],
  ] as const)
    expect(await proofOf(house, chain, sequence)).toMatchObject({ ok: true })
  expect(await proofOf(house, 'evidence', 3)).toBeUndefined()
})

test('what failed half-way is gone on with: one seal, and its segments', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const { evidence } = house.archive.archives
  let fails = true
  const failing = {
    seal: async (upTo: number, octets: Uint8Array) => {
      if (fails) throw new Error('no disk')
      await evidence.seal(upTo, octets)
    },
  }
  const duty = new DailySeal({
    ...house.sealing,
    archives: { ...house.archive.archives, evidence: failing },
  })
  await house.append('evidence', 'ev1', '<a/>')
  await expect(duty.round()).rejects.toThrow('no disk')
  fails = false
  await duty.round()
  expect(house.archive.book.all).toHaveLength(1)
  expect(await house.store.chain.segments('evidence', 0, 9)).toHaveLength(1)
})

test('two processes that seal at once make one seal', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  await house.append('evidence', 'ev1', '<a/>')
  await Promise.all([new DailySeal(house.sealing).round(), new DailySeal(house.sealing).round()])
  expect((await house.store.chain.head('seals'))?.seq).toBe(1)
  expect(await proofOf(house, 'evidence', 1)).toMatchObject({ ok: true, provedAt: BEGIN })
})

test('a chain that does not hold is not sealed; the others are, and it is told', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  await house.eventLog.record({ what: 'login', by: { person: 'ayse' } })
  await house.append('evidence', 'ev1', '<a/>')
  damage(house, 'evidence', 1)
  const duty = new DailySeal(house.sealing)
  await duty.round()
  expect(house.damage).toEqual(['the chain evidence is broken at 1'])
  expect(await proofOf(house, 'events', 1)).toMatchObject({ ok: true })
  expect(house.archive.book.covered('evidence')).toBe(0)
})

test('a break between two trees is found as well', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  for (let n = 0; n < 4; n++) await house.append('evidence', `ev${n}`, `<a n="${n}"/>`)
  await new DailySeal(house.sealing).round()
  await house.append('evidence', 'ev4', '<a n="4"/>')
  const read = house.store.chain.read.bind(house.store.chain)
  // Another past before what is new.
  house.store.chain.read = async (...args) =>
    (await read(...args)).map((entry) =>
      entry.seq === 4 && args[0] === 'evidence' ? { ...entry, hash: Buffer.alloc(32) } : entry,
    )
  house.goTo(later(25))
  await new DailySeal(house.sealing).round()
  expect(house.damage).toEqual(['the chain evidence is broken at 5'])
})

test('more than one tree holds is sealed in several, each entry provable', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  for (let n = 0; n < 11; n++) await house.append('evidence', `ev${n}`, `<a n="${n}"/>`)
  await new DailySeal(house.sealing).round()
  const { spans } = (await house.archive.book.record(1)) as Seal
  expect(spans.map(({ from, upTo }) => [from, upTo])).toEqual([
    [1, 4],
    [5, 8],
    [9, 11],
  ])
  for (const sequence of [1, 4, 5, 11])
    expect(await proofOf(house, 'evidence', sequence)).toMatchObject({ ok: true })
})
