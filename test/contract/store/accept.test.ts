import { describe, expect, test } from 'vitest'
import type { NewIntake, Store } from '../../../storage/port.ts'
import { stores } from './stores.ts'

const HOUR = 3_600_000

async function newIntake(store: Store, id: string, at: number, dedupKey?: string): Promise<NewIntake> {
  const writer = store.blobs.create(1000)
  await writer.write(Buffer.from(`message ${id}`))
  const staged = await writer.finish()
  return {
    id,
    at,
    ...(dedupKey === undefined ? {} : { dedup: { key: dedupKey, notBefore: at - 72 * HOUR } }),
    body: staged.ref,
    envelope: staged.ref,
    names: [`<${id}@client.example>`],
    staged: [staged],
    first: { intake: id, recipient: 0, slot: 'accepted', kind: 'accepted', due: at, payload: '{}' },
  }
}

describe.each(stores)('$name: accept', ({ open }) => {
  test('I1: what was accepted is there after a restart, with its body and its work', async () => {
    await using under = await open()
    expect(await under.store.accept(await newIntake(under.store, 'a', 1000))).toEqual({
      duplicateOf: undefined,
    })
    const store = await under.reopen()
    const row = await store.intake('a')
    expect(Buffer.from(await store.blobs.read(row!.body!)).toString()).toBe('message a')
    const [work] = await store.work.claim(['accepted'], { now: 2000, limit: 10, leaseMs: 1000 })
    expect(work).toMatchObject({ intake: 'a', recipient: 0, slot: 'accepted', state: 'pending' })
    expect(await store.intakesNamed('<a@client.example>')).toEqual([row])
  })

  test('the same submission within the window is told the first id; after it, it is new', async () => {
    await using under = await open()
    await under.store.accept(await newIntake(under.store, 'a', 1000, 'k'))
    expect(await under.store.accept(await newIntake(under.store, 'b', 2000, 'k'))).toEqual({
      duplicateOf: 'a',
    })
    expect(await under.store.intake('b')).toBeUndefined()
    expect(await under.store.accept(await newIntake(under.store, 'c', 1001 + 72 * HOUR, 'k'))).toEqual({
      duplicateOf: undefined,
    })
  })

  test('of many at once with one dedup key, one is accepted', async () => {
    await using under = await open()
    const intakes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => newIntake(under.store, `i${i}`, 1000, 'k')),
    )
    const answers = await Promise.all(intakes.map((intake) => under.store.accept(intake)))
    expect(answers.filter((answer) => answer.duplicateOf === undefined)).toHaveLength(1)
  })
})
