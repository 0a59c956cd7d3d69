import { expect, test } from 'vitest'
import { ArchiveRenewal, DailySeal } from '../../../../server/archive/daily-seal.ts'
import { renew } from '../../../../server/archive/renewing.ts'
import { seal } from '../../../../server/archive/sealing.ts'
import { type ArchiveHouse, archiveHouse, damage, proofOf } from '../../../fakes/archive-house.ts'

const BEGIN = new Date('2026-11-22T09:00:00Z')
/** Both, as their rounds come. */
const dutiesOf = ({ sealing }: ArchiveHouse) => ({
  round: async () => {
    await new DailySeal(sealing).round()
    await new ArchiveRenewal(sealing).round()
  },
})
const inYear = (year: number) => new Date(`${year}-11-22T09:00:00Z`)

test('before a certificate runs out its tokens are renewed, all by one stamp, and by one more next time', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const duty = dutiesOf(house)
  for (let day = 0; day < 3; day++) {
    house.goTo(new Date(BEGIN.getTime() + day * 86_400_000))
    await house.append('evidence', `ev${day}`, `<a n="${day}"/>`)
    await duty.round()
  }
  const { book } = house.archive
  expect(book.all.map(({ kind }) => kind)).toEqual(['seal', 'seal', 'seal'])
  house.goTo(inYear(2030))
  await duty.round()
  expect(book.all).toHaveLength(3) // nothing is due, and there is nothing new to seal
  house.goTo(new Date('2031-10-01T00:00:00Z'))
  house.tsa = house.tsaRoot.signer('tsa', house.clock.now(), 5)
  await duty.round()
  expect(book.all.slice(3)).toMatchObject([{ kind: 'renewal', of: [1, 2, 3] }])
  house.goTo(new Date('2036-08-01T00:00:00Z'))
  house.tsa = house.tsaRoot.signer('tsa', house.clock.now(), 5)
  await house.append('evidence', 'late', '<late/>')
  await duty.round()
  expect(book.all.slice(4)).toMatchObject([{ kind: 'seal' }, { kind: 'renewal', of: [4, 5] }])
  house.goTo(inYear(2040))
  for (let sequence = 1; sequence <= 4; sequence++)
    expect(await proofOf(house, 'evidence', sequence)).toMatchObject({ ok: true })
  expect(await proofOf(house, 'evidence', 1)).toMatchObject({ provedAt: BEGIN })
})

test('another digest: everything is read again and proved under it, with all proofs so far', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const duty = dutiesOf(house)
  for (let n = 0; n < 5; n++) await house.append('evidence', `ev${n}`, `<a n="${n}"/>`)
  await duty.round()
  house.goTo(new Date(BEGIN.getTime() + 86_400_000))
  await house.append('evidence', 'ev5', '<a n="5"/>')
  await duty.round()
  house.hash = 'sha512'
  house.goTo(inYear(2029))
  house.tsa = house.tsaRoot.signer('tsa', house.clock.now(), 20)
  await house.append('evidence', 'ev6', '<a n="6"/>')
  await duty.round()
  const { book } = house.archive
  expect(book.all.slice(2)).toMatchObject([
    { kind: 'seal', hash: 'sha512' },
    { kind: 'rehash', hash: 'sha512', of: [1, 2] },
  ])
  expect(book.tips.map(({ sequence }) => sequence)).toEqual([3, 4])
  house.goTo(inYear(2035))
  const broken = { sha256: inYear(2030) }
  for (let sequence = 1; sequence <= 7; sequence++)
    expect(await proofOf(house, 'evidence', sequence, broken)).toMatchObject({ ok: true })
  // A second time, with what was digested anew before.
  house.hash = 'sha384'
  await duty.round()
  expect(book.tips).toHaveLength(1)
  const weaker = { ...broken, sha512: inYear(2036) }
  house.goTo(inYear(2037))
  for (let sequence = 1; sequence <= 7; sequence++)
    expect(await proofOf(house, 'evidence', sequence, weaker)).toMatchObject({ ok: true })
  expect(await proofOf(house, 'seals', 1, weaker)).toMatchObject({ ok: true })
})

test('a TSA whose own certificate runs out soon is not asked for a renewal each day', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const duty = dutiesOf(house)
  house.tsa = house.tsaRoot.signer('tsa', BEGIN, 80 / 365.25)
  for (let day = 0; day < 70; day++) {
    house.goTo(new Date(BEGIN.getTime() + day * 86_400_000))
    await house.append('evidence', `ev${day}`, `<a n="${day}"/>`)
    await duty.round()
  }
  expect(house.archive.book.all.filter(({ kind }) => kind === 'renewal').length).toBeLessThanOrEqual(3)
  expect(await proofOf(house, 'evidence', 1)).toMatchObject({ ok: true, provedAt: BEGIN })
})

/** Three deliller, sealed on two days. */
async function sealed(): Promise<ArchiveHouse> {
  const house = await archiveHouse(BEGIN)
  for (let day = 0; day < 2; day++) {
    house.goTo(new Date(BEGIN.getTime() + day * 86_400_000))
    await house.append('evidence', `ev${day}`, `<a n="${day}"/>`)
    await seal(house.sealing)
  }
  return house
}

test('a seal that is made while everything is digested anew loses nothing, and two that renew at once lose nothing', async () => {
  const house = await sealed()
  await using _store = house.store
  house.hash = 'sha512'
  await house.append('evidence', 'ev2', '<a n="2"/>')
  const [first, , second] = await Promise.all([
    renew(house.sealing, 'all'),
    seal(house.sealing),
    renew(house.sealing, 'all'),
  ])
  expect(first.rehashed + second.rehashed).toBe(2) // what came second counted for nothing
  await renew(house.sealing, 'all')
  house.goTo(inYear(2030))
  for (let sequence = 1; sequence <= 3; sequence++)
    expect(await proofOf(house, 'evidence', sequence, { sha256: inYear(2029) })).toMatchObject({ ok: true })
})

test('a digest that was left is not gone back to, also where two processes are configured differently', async () => {
  const house = await sealed()
  await using _store = house.store
  house.hash = 'sha512'
  expect(await renew(house.sealing, new Date(0))).toEqual({ renewed: 0, rehashed: 2 })
  house.hash = 'sha256'
  expect(await renew(house.sealing, new Date(0))).toEqual({ renewed: 0, rehashed: 0 })
  await house.append('evidence', 'ev2', '<a n="2"/>')
  await seal(house.sealing)
  expect(house.archive.book.tips.map(({ hash }) => hash)).toEqual(['sha512', 'sha512'])
})

test('what renews again and again is stopped before nobody would read it', async () => {
  const house = await sealed()
  await using _store = house.store
  for (let n = 0; n < 99; n++) await renew(house.sealing, 'all')
  await expect(renew(house.sealing, 'all')).rejects.toThrow('renewed 100 times')
  expect(await proofOf(house, 'evidence', 1)).toMatchObject({ ok: true })
})

test('what is damaged keeps the proofs that it has, and everything else is digested anew', async () => {
  const house = await sealed()
  await using _store = house.store
  damage(house, 'evidence', 2)
  house.hash = 'sha512'
  expect(await renew(house.sealing, new Date(0))).toMatchObject({ rehashed: 2 })
  expect(house.damage).toEqual(['the chain evidence is broken at 2'])
  house.goTo(inYear(2030))
  expect(await proofOf(house, 'evidence', 1, { sha256: inYear(2029) })).toMatchObject({ ok: true })
  // Its octets are others now; of the octets that were sealed the old proof still speaks.
  expect(await proofOf(house, 'evidence', 2)).toMatchObject({ ok: false })
})

test('a token that brings its own certificate alone ends with the first certificate of its path', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  house.tsa = { ...house.tsaRoot.signer('tsa', BEGIN, 60), chain: [] } // of a root that ends earlier
  await house.append('evidence', 'ev1', '<a/>')
  await seal(house.sealing)
  expect(house.archive.book.tips[0]?.ends).toEqual(house.tsaRoot.root.notAfter)
})
