import { describe, expect, test } from 'vitest'
import { MAX_PAYLOAD } from '../../../storage/port-work.ts'
import { newIntake, stage, work } from './material.ts'
import { stores } from './stores.ts'

const HOUR = 3_600_000
const ACCEPTED = { duplicateOf: undefined }

const window = (at: number) => ({ dedup: { key: 'k', notBefore: at - 72 * HOUR } })

describe.each(stores)('$name: accept', ({ open }) => {
  test('I1: what was accepted is there after a restart, with its body and its work', async () => {
    await using under = await open()
    expect(await under.store.accept(await newIntake(under.store, 'a', 1000))).toEqual(ACCEPTED)
    const store = await under.reopen()
    const row = await store.intake('a')
    expect(Buffer.from(await store.blobs.read(row!.body!)).toString()).toBe('message a')
    const [claimed] = await store.work.claim(['accepted'], { now: 2000, limit: 10, leaseMs: 1000 })
    expect(claimed).toMatchObject({ intake: 'a', recipient: 0, slot: 'submission', state: 'pending' })
    expect(await store.intakesNamed('<a@client.example>')).toEqual([row])
  })

  test('body and envelope are two blobs, large and small, of one write', async () => {
    await using under = await open()
    const [body, envelope] = [
      await stage(under.store, Buffer.alloc(100_000, 1)),
      await stage(under.store, Buffer.from('envelope')),
    ]
    const staged = [body, envelope]
    await under.store.accept(
      await newIntake(under.store, 'a', 1, { body: body.ref, envelope: envelope.ref, staged }),
    )
    const store = await under.reopen()
    expect(await store.intake('a')).toEqual({
      id: 'a',
      at: 1,
      body: body.ref,
      envelope: envelope.ref,
      purged: false,
    })
    expect((await store.blobs.read(body.ref)).length).toBe(100_000)
    expect(Buffer.from(await store.blobs.read(envelope.ref)).toString()).toBe('envelope')
  })

  test('a refusal keeps no body', async () => {
    await using under = await open()
    await under.store.accept(await newIntake(under.store, 'a', 1, { body: undefined }))
    expect((await under.store.intake('a'))?.body).toBeUndefined()
    expect(await under.store.intake('b')).toBeUndefined()
  })

  test('a write that may or may not have happened is repeated with the same id and changes nothing', async () => {
    await using under = await open()
    for (const over of [{}, window(1000)]) {
      const id = 'dedup' in over ? 'with' : 'without'
      expect(await under.store.accept(await newIntake(under.store, id, 1000, over))).toEqual(ACCEPTED)
      const [row] = await under.store.work.claim(['accepted'], { now: 2000, limit: 1, leaseMs: 1000 })
      expect(await under.store.work.settle(row!, { done: true })).toBe(true)
      expect(await under.store.accept(await newIntake(under.store, id, 1000, over))).toEqual(ACCEPTED)
      expect(await under.store.work.claim(['accepted'], { now: 9000, limit: 1, leaseMs: 1000 })).toEqual([])
      expect(await under.store.intakesNamed(`<${id}@client.example>`)).toHaveLength(1)
    }
  })

  test('the same submission within the window is told the first id; after it, it is new', async () => {
    await using under = await open()
    const accept = async (id: string, at: number) =>
      under.store.accept(await newIntake(under.store, id, at, window(at)))
    expect(await accept('a', 1000)).toEqual(ACCEPTED)
    expect(await accept('b', 2000)).toEqual({ duplicateOf: 'a' })
    expect(await under.store.intake('b')).toBeUndefined()
    expect(await under.store.work.get('b', 0, 'submission')).toBeUndefined()
    expect(await accept('at-the-end', 1000 + 72 * HOUR)).toEqual({ duplicateOf: 'a' })
    expect(await accept('c', 1001 + 72 * HOUR)).toEqual(ACCEPTED)
    expect(await accept('d', 1002 + 72 * HOUR)).toEqual({ duplicateOf: 'c' })
    expect(await under.store.intake('a')).toBeDefined()
  })

  test('of many at once with one dedup key, one is accepted and all others are told its id', async () => {
    await using under = await open()
    const intakes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => newIntake(under.store, `i${i}`, 1000, window(1000))),
    )
    const answers = await Promise.all(intakes.map((intake) => under.store.accept(intake)))
    expect(answers.filter((answer) => answer.duplicateOf === undefined)).toHaveLength(1)
    const told = new Set(answers.flatMap(({ duplicateOf }) => duplicateOf ?? []))
    expect(told).toEqual(new Set([`i${answers.findIndex((answer) => answer.duplicateOf === undefined)}`]))
  })

  test('a first row that is too large refuses the whole acceptance', async () => {
    await using under = await open()
    const first = work('a', { payload: 'ş'.repeat(MAX_PAYLOAD / 2 + 1) })
    await expect(under.store.accept(await newIntake(under.store, 'a', 1, { first }))).rejects.toMatchObject({
      code: 'TOO_LARGE_A_ROW',
    })
    expect(await under.store.intake('a')).toBeUndefined()
    expect(await under.store.intakesNamed('<a@client.example>')).toEqual([])
  })

  test('an id that was given up is never accepted, and one that was accepted is never given up', async () => {
    await using under = await open()
    expect(await under.store.voidIntake('a')).toBe(true)
    expect(await under.store.voidIntake('a')).toBe(true)
    await expect(under.store.accept(await newIntake(under.store, 'a', 1))).rejects.toMatchObject({
      code: 'VOIDED',
    })
    await under.store.accept(await newIntake(under.store, 'b', 1))
    expect(await under.store.voidIntake('b')).toBe(false)
    const store = await under.reopen()
    await expect(store.accept(await newIntake(store, 'a', 1))).rejects.toMatchObject({ code: 'VOIDED' })
    expect(await store.intake('a')).toBeUndefined()
    expect(await store.work.get('a', 0, 'submission')).toBeUndefined()
    expect(await store.intakesNamed('<a@client.example>')).toEqual([])
    expect(await store.intake('b')).toBeDefined()
  })

  test('of giving up and accepting at the same time one wins', async () => {
    await using under = await open()
    for (let round = 0; round < 20; round++) {
      const id = `race${round}`
      const intake = await newIntake(under.store, id, 1)
      const accepting = under.store.accept(intake).then(
        () => true,
        () => false,
      )
      const voided = await under.store.voidIntake(id)
      expect(await accepting).toBe(!voided)
      expect((await under.store.intake(id)) !== undefined).toBe(!voided)
    }
  })

  test('names: the newest hundred that carry it, newest first', async () => {
    await using under = await open()
    const all = Array.from({ length: 105 }, (_, i) => i)
    await Promise.all(
      all.map(async (i) =>
        under.store.accept(
          await newIntake(under.store, `i${i}`, i, { names: ['<n@x>', '<n@x>', `<${i}@x>`] }),
        ),
      ),
    )
    const named = await under.store.intakesNamed('<n@x>')
    expect(named.map((row) => row.at)).toEqual(all.reverse().slice(0, 100))
    expect(await under.store.intakesNamed('<104@x>')).toHaveLength(1)
    expect(await under.store.intakesNamed('<%@x>')).toEqual([])
  })

  test('I11: space is told in octets', async () => {
    await using under = await open()
    const { free, total } = await under.store.space()
    expect(free).toBeGreaterThan(0)
    expect(total).toBeGreaterThanOrEqual(free)
  })

  test('a closed store answers everything with CLOSED, and may be closed again', async () => {
    await using under = await open()
    const { store } = under
    const intake = await newIntake(store, 'a', 1)
    await store[Symbol.asyncDispose]()
    for (const call of [
      () => store.accept(intake),
      () => store.intake('a'),
      () => store.work.nextDue(),
      () => store.mailboxes.list('a'),
      () => store.chain.head('c'),
    ])
      await expect(call()).rejects.toMatchObject({ name: 'StoreError', code: 'CLOSED' })
    await store[Symbol.asyncDispose]()
  })
})
