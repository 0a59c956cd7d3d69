import { expect, test } from 'vitest'
import { EVIDENCE_CHAIN } from '../../../../server/archive/chain-archive.ts'
import {
  ValidationData,
  type ValidationParts,
  validationIn,
  validationOf,
} from '../../../../server/archive/validation-data.ts'
import { stageBytes } from '../../../../server/stage-bytes.ts'
import { type ArchiveHouse, archiveHouse, issueIn } from '../../../fakes/archive-house.ts'

const HOUR = 3_600_000
const BEGIN = new Date('2026-11-22T09:00:00Z')
const later = (hours: number) => new Date(BEGIN.getTime() + hours * HOUR)

function dutyOf(house: ArchiveHouse, ages: number[] = []): ValidationData {
  const parts: ValidationParts = {
    ...house.sealing,
    store: house.store,
    archive: house.archive.archives.validation,
    events: { validationData: (age) => ages.push(age), internalError: () => {} },
  }
  return new ValidationData(parts)
}

test('an hour after its issue there stands beside evidence by what it is judged later', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const ages: number[] = []
  const duty = dutyOf(house, ages)
  for (const n of [1, 2, 3]) await issueIn(house, `ev-${n}`)
  await duty.round()
  expect(await validationOf(house.store, 1)).toBeUndefined()
  house.goTo(later(2))
  await issueIn(house, 'ev-4')
  await duty.round()
  const entry = await validationOf(house.store, 2)
  const record = validationIn(entry!)
  expect(record).toMatchObject({ from: 1, upTo: 3 })
  expect(record.judged).toEqual([
    expect.objectContaining({ role: 'signer', ok: true, revocation: 'checked' }),
    expect.objectContaining({ role: 'tsa', ok: true, revocation: 'checked' }),
  ])
  expect(record.material.certificates).toHaveLength(3)
  expect(record.material.crls).toHaveLength(1)
  const [list] = record.material.crls
  expect(Buffer.from(await house.archive.materials.read(list!))).toEqual(Buffer.from(house.lists()[0]!))
  expect(await validationOf(house.store, 4)).toBeUndefined()
  expect(ages).toEqual([0, 2 * HOUR, 0])
})

test('while nobody tells the status it waits, but not longer than a day', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const duty = dutyOf(house)
  await issueIn(house, 'ev-1')
  house.silent.add(house.tsaRoot)
  house.goTo(later(12))
  await duty.round()
  expect(await validationOf(house.store, 1)).toBeUndefined()
  house.goTo(later(21))
  await duty.round()
  const record = validationIn((await validationOf(house.store, 1))!)
  expect(record.judged[0]).toMatchObject({ ok: true, revocation: 'not-checked' })
  expect(record.material.crls).toEqual([])
})

test('many records: each entry finds its own, by halves', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const duty = dutyOf(house)
  for (let n = 1; n <= 60; n++) {
    house.goTo(later(2 * n))
    await house.append(EVIDENCE_CHAIN, `ev-${n}`, '<not-ours/>')
    await duty.round()
  }
  house.goTo(later(130))
  await duty.round()
  for (const sequence of [1, 2, 20, 21, 41, 59, 60]) {
    const { from, upTo } = validationIn((await validationOf(house.store, sequence))!)
    expect(from <= sequence && sequence <= upTo).toBe(true)
  }
  expect(await validationOf(house.store, 61)).toBeUndefined()
})

test('of the message that an acceptance is about both digests are kept, so that they outlive it', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const { store } = house
  const body = await stageBytes(store, Buffer.from('octets of a message'))
  const envelope = await stageBytes(store, Buffer.from('{}'))
  const first = { intake: 'in1', recipient: 0, slot: 's', kind: 'timer', due: 0, payload: '{}' } as const
  await store.accept({
    id: 'in1',
    at: 0,
    body: body.ref,
    envelope: envelope.ref,
    names: [],
    staged: [body, envelope],
    first,
  })
  await house.archive.archives.evidence.append({
    eventId: 'ev-1',
    bytes: Buffer.from('<x/>'),
    intake: 'in1',
    meta: '{"outcome":"submission-acceptance"}',
    parties: [],
    at: BEGIN.getTime(),
    keepUntil: 0,
  })
  house.goTo(later(2))
  await dutyOf(house).round()
  expect(validationIn((await validationOf(store, 1))!).contents).toEqual([
    { intake: 'in1', sha256: body.ref.hash, sha512: expect.stringMatching(/^[0-9a-f]{128}$/), size: 19 },
  ])
})

test('of evidence whose times are not in order none is left out', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const duty = dutyOf(house)
  // The second is of an event that happened later, and was stamped before the third.
  for (const [id, hours] of [
    ['ev-1', 0],
    ['ev-2', 3],
    ['ev-3', 0],
  ] as const)
    await house.archive.archives.evidence.append({
      eventId: id,
      bytes: Buffer.from('<not-ours/>'),
      intake: undefined,
      meta: '{}',
      parties: [],
      at: later(hours).getTime(),
      keepUntil: 0,
    })
  for (const hours of [3.5, 5]) {
    house.goTo(later(hours))
    await duty.round()
  }
  const records = (await house.store.chain.read('validation', 1, 10)).map(validationIn)
  expect(records.flatMap(({ evidence }) => evidence.map(({ sequence }) => sequence))).toEqual([1, 2, 3])
})
