import { describe, expect, test } from 'vitest'
import { MAX_CONTEXT_MESSAGES, MAX_HELD_BACK } from '../../../../server/imap/limits.ts'
import { SearchContext } from '../../../../server/imap/search/context.ts'
import { SearchContexts } from '../../../../server/imap/search/contexts.ts'
import type { SortKey } from '../../../../server/imap/sort/keys.ts'
import { UidList } from '../../../../server/imap/uid-list.ts'

const found = (count: number) => Array.from({ length: count }, (_, at) => ({ uid: at + 1 }))
const search = (tag: string, sort?: readonly SortKey[]) => ({
  tag,
  byUid: true,
  key: { kind: 'all' } as const,
  sort,
  fetched: [],
})
/** Values are the UIDs themselves, from the highest. */
const DOWN: readonly SortKey[] = [
  { reverse: true, value: { name: 'uid', of: ({ row }) => row.uid, octets: () => 0 } },
]
const valuesOf = async (uid: number) => ({ uid, values: [uid] })

describe('contexts of a session [RFC 5267 §4.3.1]', () => {
  test('results are bounded together, and one that goes makes room', () => {
    const contexts = new SearchContexts()
    const half = () => found(MAX_CONTEXT_MESSAGES / 2)
    expect(contexts.add(new SearchContext(search('a'), half(), new Set()))).toBe(true)
    expect(contexts.add(new SearchContext(search('b'), half(), new Set()))).toBe(true)
    expect(contexts.add(new SearchContext(search('c'), found(1), new Set()))).toBe(false)
    expect(contexts.has('c')).toBe(false)
    expect(contexts.cancel('a')).toBe(true)
    expect(contexts.add(new SearchContext(search('c'), found(1), new Set()))).toBe(true)
  })

  test('unread deliveries that are remembered are bounded', () => {
    const contexts = new SearchContexts()
    const some = (count: number) => new Set(found(count).map(({ uid }) => uid))
    expect(contexts.add(new SearchContext(search('a'), [], some(MAX_HELD_BACK)))).toBe(true)
    expect(contexts.isCurrent).toBe(false)
    expect(contexts.add(new SearchContext(search('b'), [], some(MAX_HELD_BACK + 1)))).toBe(false)
  })
})

describe('places in a sorted result [RFC 5267 §4.3.3] [RFC 5267 §4.3.4]', () => {
  const sorted = () => new SearchContext(search('a', DOWN), [{ uid: 9 }, { uid: 6 }, { uid: 3 }], new Set())

  test('one is added where it belongs, and those that go are named from the end', async () => {
    const context = sorted()
    expect(await context.insert(await valuesOf(7), valuesOf)).toEqual({ position: 2, uid: 7 })
    expect(await context.insert(await valuesOf(1), valuesOf)).toEqual({ position: 5, uid: 1 })
    expect(context.remove([1, 4, 7, 9])).toEqual([
      { position: 5, uid: 1 },
      { position: 2, uid: 7 },
      { position: 1, uid: 9 },
    ])
    expect(context.size).toBe(2)
  })

  test('a message in the way that was expunged meanwhile is named, and goes first', async () => {
    const context = sorted()
    const without6 = async (uid: number) => (uid === 6 ? undefined : valuesOf(uid))
    expect(await context.insert(await valuesOf(7), without6)).toEqual({ gone: 6 })
    expect(context.remove([6])).toEqual([{ position: 2, uid: 6 }])
    expect(await context.insert(await valuesOf(7), without6)).toEqual({ position: 2, uid: 7 })
  })
})

test('UIDs are put in where they belong', () => {
  const list = new UidList(Uint32Array.of(2, 5, 9))
  list.insert([1, 3, 6, 10])
  expect([...list.slice(0, list.length)]).toEqual([1, 2, 3, 5, 6, 9, 10])
  list.insert([])
  expect(list.length).toBe(7)
})
