import { describe, expect, test } from 'vitest'
import { MAX_PAYLOAD } from '../../../storage/port-work.ts'
import { work } from './material.ts'
import { stores } from './stores.ts'

const key = (intake: string) => ({ intake, recipient: 0, slot: 'slot' })
const send = (intake: string, queue: string, due = 1000) => work(intake, { kind: 'send', queue, due })
const options = { now: 1000, limit: 100, leaseMs: 100 }

describe.each(stores)('$name: queues', ({ open }) => {
  test('rows of a queue are claimed by its name alone, and rows without one by none', async () => {
    await using under = await open()
    const { work: rows } = under.store
    await rows.insert([send('a', 'hs01'), send('b', 'hs02'), work('c')])
    const names = async (queue?: string) =>
      (await rows.claim(['send', 'deliver'], { ...options, queue })).map(({ intake }) => intake)
    expect(await names()).toEqual(['c'])
    expect(await names('hs02')).toEqual(['b'])
    expect(await names('hs02')).toEqual([])
    expect(await names('hs01')).toEqual(['a'])
    expect(await names('hs03')).toEqual([])
  })

  test('each queue has its own next time', async () => {
    await using under = await open()
    const { work: rows } = under.store
    await rows.insert([send('a', 'hs01', 30), send('b', 'hs02', 20), work('c', { due: 40 })])
    expect(await rows.nextDue()).toBe(40)
    expect(await rows.nextDue('hs01')).toBe(30)
    expect(await rows.nextDue('hs02')).toBe(20)
    expect(await rows.nextDue('hs03')).toBeUndefined()
    await rows.claim(['send'], { ...options, now: 25, queue: 'hs02' })
    expect(await rows.nextDue('hs02')).toBe(125)
  })

  test('a row in work changes its payload for whoever comes after a crash; not for one who lost the lease', async () => {
    await using under = await open()
    const { store } = under
    await store.work.insert([send('a', 'hs01')])
    const [mine] = await store.work.claim(['send'], { ...options, queue: 'hs01' })
    expect(await store.work.note(mine!, '{"phase":"data"}')).toBe(true)
    await expect(store.work.note(mine!, 'x'.repeat(MAX_PAYLOAD + 1))).rejects.toMatchObject({
      code: 'TOO_LARGE_A_ROW',
    })
    const [theirs] = await store.work.claim(['send'], { ...options, now: 2000, queue: 'hs01' })
    expect(theirs?.payload).toBe('{"phase":"data"}')
    expect(await store.work.note(mine!, '{}')).toBe(false)
    expect(await store.work.settle(theirs!, { done: true })).toBe(true)
    expect(await store.work.note(theirs!, '{}')).toBe(false)
    expect((await (await under.reopen()).work.get('a', 0, 'slot'))?.payload).toBe('{"phase":"data"}')
  })

  test('a person holds, releases and hastens what nobody works on, and a done row can be opened again', async () => {
    await using under = await open()
    const { work: rows } = under.store
    await rows.insert([send('a', 'hs01', 5000)])
    expect(await rows.amend(key('a'), 'pending', { held: 'by the operator' })).toBe(true)
    expect(await rows.get('a', 0, 'slot')).toMatchObject({ state: 'held', error: 'by the operator' })
    expect(await rows.amend(key('a'), 'pending', { due: 1 })).toBe(false)
    expect(await rows.amend(key('a'), 'held', { due: 900 })).toBe(true)
    expect(await rows.get('a', 0, 'slot')).toMatchObject({ state: 'pending', due: 900, since: 5000 })
    expect(await rows.amend(key('a'), 'pending', { due: 1000 })).toBe(true)
    expect(await rows.get('a', 0, 'slot')).toMatchObject({ due: 1000, since: 5000 })
    const [leased] = await rows.claim(['send'], { ...options, queue: 'hs01' })
    expect(await rows.amend(key('a'), 'pending', { held: 'too late' })).toBe(false)
    await rows.settle(leased!, { done: true })
    expect(await rows.amend(key('a'), 'done', { due: 1000 })).toBe(true)
    expect(await rows.claim(['send'], { ...options, queue: 'hs01' })).toHaveLength(1)
  })

  test('what stands in a queue is listed in pages and counted; what is done is not', async () => {
    await using under = await open()
    const { work: rows } = under.store
    await rows.insert([
      send('c', 'hs01', 7),
      send('a', 'hs01', 5),
      send('b', 'hs01', 6),
      send('d', 'hs02', 9),
    ])
    await rows.amend(key('b'), 'pending', { held: 'x' })
    const [first, second] = await rows.queued('hs01', undefined, 2)
    expect([first?.intake, second?.intake]).toEqual(['a', 'b'])
    expect((await rows.queued('hs01', second, 2)).map(({ intake }) => intake)).toEqual(['c'])
    const [done] = await rows.claim(['send'], { ...options, queue: 'hs02' })
    await rows.settle(done!, { done: true })
    expect(await rows.queues()).toEqual([{ queue: 'hs01', pending: 2, held: 1, oldestSince: 5 }])
    expect(await rows.queued('hs02', undefined, 2)).toEqual([])
  })
})
