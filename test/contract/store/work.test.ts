import { describe, expect, test } from 'vitest'
import type { NewWork, Store, WorkKind } from '../../../storage/port.ts'
import { MAX_PAYLOAD } from '../../../storage/port-work.ts'
import { work } from './material.ts'
import { stores } from './stores.ts'

const claim = (store: Store, now: number, kinds: WorkKind[] = ['deliver'], limit = 100) =>
  store.work.claim(kinds, { now, limit, leaseMs: 100 })

const names = (rows: readonly NewWork[]) =>
  rows.map(({ intake, recipient, slot }) => `${intake}/${recipient}/${slot}`)

describe.each(stores)('$name: work', ({ open }) => {
  test('I5: the first under a key wins for ever; a second changes nothing, also when the first is done', async () => {
    await using under = await open()
    const { store } = under
    expect(await store.work.insert([work('a', { payload: '1' }), work('a', { payload: '2' })])).toEqual([
      true,
      false,
    ])
    const [row] = await claim(store, 1000)
    expect(row).toMatchObject({ payload: '1', attempts: 0, error: undefined, state: 'pending' })
    expect(await store.work.settle(row!, { done: true })).toBe(true)
    expect(await store.work.insert([work('a', { payload: '3' }), work('b')])).toEqual([false, true])
    expect(await store.work.get('a', 0, 'slot')).toMatchObject({ payload: '1', state: 'done' })
  })

  test('I5: of many that set one outcome at once, exactly one is told that it was first', async () => {
    await using under = await open()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => under.store.work.insert([work('a', { payload: `${i}` })])),
    )
    const first = answers.findIndex(([fresh]) => fresh)
    expect(answers.filter(([fresh]) => fresh)).toHaveLength(1)
    expect((await under.store.work.get('a', 0, 'slot'))?.payload).toBe(String(first))
  })

  test('claims what is due and free: kinds in the order asked, the oldest first, no more than asked', async () => {
    await using under = await open()
    const { store } = under
    await store.work.insert([
      work('c', { due: 30 }),
      work('a', { due: 10 }),
      work('b', { due: 20 }),
      work('d', { due: 41 }),
      work('e', { due: 5, kind: 'timer' }),
      work('f', { due: 1, kind: 'send' }),
    ])
    expect(names(await claim(store, 40, ['deliver', 'timer'], 2))).toEqual(['a/0/slot', 'b/0/slot'])
    expect(names(await claim(store, 40, ['deliver', 'timer'], 9))).toEqual(['c/0/slot', 'e/0/slot'])
    expect(await claim(store, 40, ['deliver', 'timer'])).toEqual([])
    expect(names(await claim(store, 41, ['deliver', 'timer']))).toEqual(['d/0/slot'])
  })

  test('of many claims at once no row is given twice', async () => {
    await using under = await open()
    await under.store.work.insert(Array.from({ length: 50 }, (_, i) => work(`i${i}`)))
    const claims = await Promise.all(
      Array.from({ length: 10 }, () => claim(under.store, 1000, ['deliver'], 20)),
    )
    expect(new Set(names(claims.flat())).size).toBe(50)
    expect(claims.flat()).toHaveLength(50)
  })

  test('a lease lapses, the fence grows, and the settle of the first is refused with all that it wanted', async () => {
    await using under = await open()
    const { store } = under
    await store.work.insert([work('a')])
    const [first] = await claim(store, 1000)
    expect(await claim(store, 1099)).toEqual([])
    const [second] = await claim(store, 1100)
    expect(second!.fence).toBeGreaterThan(first!.fence)
    for (const outcome of [
      { done: true, spawn: [work('a', { slot: 'next' })] },
      { retryAt: 5000, error: 'late' },
      { held: true, error: 'late' },
    ] as const)
      expect(await store.work.settle(first!, outcome)).toBe(false)
    expect(await store.work.get('a', 0, 'next')).toBeUndefined()
    expect(await store.work.get('a', 0, 'slot')).toMatchObject({ state: 'pending', attempts: 0 })
    expect(await store.work.settle(second!, { done: true })).toBe(true)
    expect(await store.work.settle(second!, { done: true })).toBe(false)
  })

  test('a lapsed lease that nobody else took may still be settled', async () => {
    await using under = await open()
    await under.store.work.insert([work('a')])
    const [row] = await claim(under.store, 1000)
    expect(await under.store.work.settle(row!, { done: true })).toBe(true)
    expect(await claim(under.store, 99_999)).toEqual([])
  })

  test('when done can be seen, all that it spawned can be; what was there stays as it was', async () => {
    await using under = await open()
    const { store } = under
    await store.work.insert([work('a'), work('a', { slot: 'taken', payload: 'first' })])
    const row = (await claim(store, 1000)).find(({ slot }) => slot === 'slot')
    const spawn = Array.from({ length: 200 }, (_, i) => work('a', { recipient: i + 1 }))
    let settled = false
    const settling = store.work
      .settle(row!, { done: true, spawn: [...spawn, work('a', { slot: 'taken', payload: 'second' })] })
      .finally(() => {
        settled = true
      })
    for (let done = false; !done; ) {
      done = (await store.work.get('a', 0, 'slot'))?.state === 'done'
      if (done) expect(await store.work.of('a', { recipient: 0, slot: '~' }, 999)).toHaveLength(200)
      if (settled) break
      await new Promise(setImmediate)
    }
    expect(await settling).toBe(true)
    expect((await store.work.get('a', 0, 'taken'))?.payload).toBe('first')
  })

  test('a retry waits and counts; held waits for a person; a release is due at once', async () => {
    await using under = await open()
    const { store } = under
    await store.work.insert([work('a')])
    const [first] = await claim(store, 1000)
    expect(await store.work.settle(first!, { retryAt: 1050, error: 'away' })).toBe(true)
    expect(await claim(store, 1049)).toEqual([])
    const [second] = await claim(store, 1050)
    expect(second).toMatchObject({ attempts: 1, error: 'away' })
    expect(await store.work.settle(second!, { held: true, error: 'broken' })).toBe(true)
    expect(await claim(store, 99_999)).toEqual([])
    expect(await store.work.get('a', 0, 'slot')).toMatchObject({
      state: 'held',
      attempts: 2,
      error: 'broken',
    })
    expect(await store.work.amend({ intake: 'b', recipient: 0, slot: 'slot' }, 'held', { due: 3000 })).toBe(
      false,
    )
    expect(await store.work.amend({ intake: 'a', recipient: 0, slot: 'slot' }, 'held', { due: 3000 })).toBe(
      true,
    )
    expect(await store.work.amend({ intake: 'a', recipient: 0, slot: 'slot' }, 'held', { due: 3000 })).toBe(
      false,
    )
    expect(await claim(store, 2999)).toEqual([])
    const [third] = await claim(store, 3000)
    expect(third).toMatchObject({ attempts: 0 })
    expect(await store.work.settle(third!, { done: true })).toBe(true)
    expect(await store.work.get('a', 0, 'slot')).toMatchObject({ state: 'done', error: undefined })
    expect(await store.work.amend({ intake: 'a', recipient: 0, slot: 'slot' }, 'held', { due: 3000 })).toBe(
      false,
    )
  })

  test('all rows of an intake in pages, in order of recipient and slot', async () => {
    await using under = await open()
    const { store } = under
    const rows = [10, 2, 1, 0].flatMap((recipient) =>
      ['transport', 'deliver'].map((slot) => work('a', { recipient, slot })),
    )
    await store.work.insert([...rows, work('b')])
    const seen: string[] = []
    let after = { recipient: 0, slot: '' }
    for (let page = await store.work.of('a', after, 3); page.length > 0; ) {
      seen.push(...names(page))
      after = page.at(-1)!
      page = await store.work.of('a', after, 3)
    }
    expect(seen).toEqual(
      [0, 1, 2, 10].flatMap((recipient) => [`a/${recipient}/deliver`, `a/${recipient}/transport`]),
    )
  })

  test('backlog: what is due, and what is held, by kind; nothing of the future', async () => {
    await using under = await open()
    const { store } = under
    await store.work.insert([
      work('a', { due: 10 }),
      work('b', { due: 20 }),
      work('c', { due: 5, kind: 'issue' }),
      work('d', { due: 99, kind: 'timer' }),
    ])
    const [issue] = await claim(store, 50, ['issue'])
    await store.work.settle(issue!, { held: true, error: 'x' })
    const byKind = (await store.work.backlog(50)).sort((x, y) => (x.kind < y.kind ? -1 : 1))
    expect(byKind).toEqual([
      { kind: 'deliver', state: 'pending', rows: 2, oldestSince: 10 },
      { kind: 'issue', state: 'held', rows: 1, oldestSince: 5 },
    ])
  })

  test('next due: the earliest time at which a claim would find something; never a time at which it would not', async () => {
    await using under = await open()
    const { store } = under
    expect(await store.work.nextDue()).toBeUndefined()
    await store.work.insert([work('a', { due: 30 }), work('b', { due: 20, kind: 'timer' })])
    expect(await store.work.nextDue()).toBe(20)
    const [leased] = await claim(store, 25, ['timer'])
    expect(await store.work.nextDue()).toBe(30)
    const [other] = await claim(store, 30)
    expect(await store.work.nextDue()).toBe(125)
    await store.work.settle(leased!, { done: true })
    expect(await store.work.nextDue()).toBe(130)
    await store.work.settle(other!, { held: true, error: 'x' })
    expect(await store.work.nextDue()).toBeUndefined()
  })

  test('a watcher is told of what is inserted, spawned, put back and released, until it stops', async () => {
    await using under = await open()
    const { store } = under
    let told = 0
    const unwatch = store.work.watch(() => told++)
    const hints = async (act: () => Promise<unknown>) => {
      const before = told
      await act()
      return told > before
    }
    expect(await hints(() => store.work.insert([work('a')]))).toBe(true)
    const [row] = await claim(store, 1000)
    expect(await hints(() => store.work.settle(row!, { retryAt: 2000, error: 'x' }))).toBe(true)
    const [again] = await claim(store, 2000)
    expect(await hints(() => store.work.settle(again!, { held: true, error: 'x' }))).toBe(true)
    expect(
      await hints(() => store.work.amend({ intake: 'a', recipient: 0, slot: 'slot' }, 'held', { due: 3000 })),
    ).toBe(true)
    const [last] = await claim(store, 3000)
    const spawn = [work('a', { slot: 'next' })]
    expect(await hints(() => store.work.settle(last!, { done: true, spawn }))).toBe(true)
    unwatch()
    expect(await hints(() => store.work.insert([work('b')]))).toBe(false)
  })

  test('a payload is bounded in octets, not in characters; one too large takes its whole call along', async () => {
    await using under = await open()
    const { store } = under
    const fits = work('fits', { payload: 'ş'.repeat(MAX_PAYLOAD / 2) })
    const tooLarge = work('large', { payload: `${fits.payload}.` })
    expect(await store.work.insert([fits])).toEqual([true])
    await expect(store.work.insert([work('other'), tooLarge])).rejects.toMatchObject({
      code: 'TOO_LARGE_A_ROW',
    })
    expect(await store.work.get('other', 0, 'slot')).toBeUndefined()
    const [row] = await claim(store, 1000)
    await expect(store.work.settle(row!, { done: true, spawn: [tooLarge] })).rejects.toMatchObject({
      code: 'TOO_LARGE_A_ROW',
    })
    expect((await store.work.get('fits', 0, 'slot'))?.state).toBe('pending')
  })
})
