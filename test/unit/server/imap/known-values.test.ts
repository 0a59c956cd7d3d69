import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Cursor } from '../../../../server/imap/cursor.ts'
import { KnownValues } from '../../../../server/imap/known-values.ts'
import { PAGE } from '../../../../server/imap/limits.ts'
import { foundAtAGlance, type SearchedMailbox } from '../../../../server/imap/search/glance.ts'
import { type Lasting, valuesOf } from '../../../../server/imap/search/lasting.ts'
import type { Session } from '../../../../server/imap/session.ts'
import { Slice } from '../../../../server/imap/slice.ts'
import { KeptOrder } from '../../../../server/imap/sort/kept-order.ts'
import { parseSortKeys } from '../../../../server/imap/sort/keys.ts'
import { sorted } from '../../../../server/imap/sort/sorted.ts'
import type { ThreadMessage } from '../../../../server/imap/thread/node.ts'
import { byReferences } from '../../../../server/imap/thread/references.ts'
import { threadsOf } from '../../../../server/imap/thread/threads.ts'
import { UidList } from '../../../../server/imap/uid-list.ts'

test('what nobody asked for longest is forgotten, and no more than has to be', () => {
  const values = new KnownValues(100)
  const [a, b, c] = [{ octets: 40 }, { octets: 40 }, { octets: 41 }]
  values.put('a', a)
  values.put('b', b)
  expect(values.get('a')).toBe(a)
  values.put('c', c)
  expect(values.get('b')).toBe(undefined)
  expect([values.get('a'), values.get('c')]).toEqual([a, c])
  expect(values.octets).toBe(81)
})

test('what takes the place of something counts for it, and what is too much alone is not kept', () => {
  const values = new KnownValues(100)
  values.put('a', { octets: 60 })
  values.put('a', { octets: 80 })
  expect(values.octets).toBe(80)
  values.put('b', { octets: 101 })
  expect([values.octets, values.get('b')]).toEqual([0, undefined])
})

const uids = (...all: number[]) => Uint32Array.from(all)

test.each([
  [uids(), true],
  [uids(2), true],
  [uids(1, 9), true],
  [uids(1, 2, 9), true],
  [uids(0), false],
  [uids(1, 3), false],
  [uids(9, 10), false],
])('an order holds for each set of its messages: %j', (some, held) => {
  expect(new KeptOrder(uids(9, 1, 2)).holds(some)).toBe(held)
})

/** A session on a mailbox of messages whose envelope this is. */
function session(knownValues: KnownValues, envelope: object, rows = rowsOf) {
  const index = Buffer.from(JSON.stringify({ root: { envelope, params: [], children: [] } }))
  const indexes = async (_: string, uids: readonly number[]) => new Map(uids.map((uid) => [uid, index]))
  const clock = { now: () => new Date(0) }
  const parts = { knownValues, clock, store: { mailboxes: { rows, indexes } } }
  return {
    parts,
    slice: new Slice(),
    requireClient: () => {},
    box: { row: { id: 'b' } },
  } as unknown as Session
}

const rowsOf = async (_: string, uids: readonly number[]) => uids.map((uid) => ({ uid, date: 0, flags: [] }))

test('known threads hold nothing of the messages that they were made of', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const values = new KnownValues(2_000)
  let seen: WeakRef<ThreadMessage> | undefined
  const asked = session(values, { references: `<${'x'.repeat(200)}@x>`.repeat(20) })
  await threadsOf(
    asked,
    'REFERENCES',
    (messages, breathe) => {
      seen = new WeakRef(messages[0]!)
      return byReferences(messages, breathe)
    },
    uids(1, 2, 3),
  )
  expect(values.get('b thread')).toBe(undefined)
  expect(values.get('b threads REFERENCES')).toBeDefined()
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  expect(seen?.deref()).toBe(undefined)
})

test('of a message without an index nothing is kept, and it is asked for again', async () => {
  const asked = session(new KnownValues(), { subject: 'x' })
  const { mailboxes } = asked.parts.store
  const { indexes } = mailboxes
  mailboxes.indexes = async () => new Map()
  const subject: Lasting<string> = {
    name: 'subject',
    of: async (message) => (await message.envelope()).subject ?? '',
    octets: () => 1,
  }
  expect(await valuesOf(asked, { id: 'b' }, subject, uids(1))).toEqual([undefined])
  mailboxes.indexes = indexes
  expect(await valuesOf(asked, { id: 'b' }, subject, uids(1))).toEqual(['x'])
})

test('how far it is is told where working out takes long [RFC 9585 §4]', async () => {
  const asked = session(new KnownValues(), {})
  const told: string[] = []
  let seconds = 0
  Object.assign(asked, {
    tag: 'a',
    out: { untagged: (line: string) => told.push(line), flush: async () => {} },
  })
  Object.assign(asked.parts, { clock: { now: () => new Date(6_000 * seconds++) } })
  await valuesOf(
    asked,
    { id: 'b' },
    UID,
    Uint32Array.from({ length: 5 * PAGE }, (_, at) => at + 1),
  )
  expect(told.map((line) => /INPROGRESS \("a" (\d+) (\d+)\)/.exec(line)?.slice(1).map(Number))).toEqual([
    [2 * PAGE, 5 * PAGE],
    [4 * PAGE, 5 * PAGE],
  ])
})

test('what was worked out before the store failed is known', async () => {
  const values = new KnownValues()
  const asked: number[] = []
  let fails = true
  const rows: typeof rowsOf = async (box, some) => {
    if (fails && asked.length >= 2 * PAGE) throw new Error('away')
    asked.push(...some)
    return rowsOf(box, some)
  }
  const all = Uint32Array.from({ length: 3 * PAGE }, (_, at) => at * 3 + 1)
  const ask = () => valuesOf(session(values, {}, rows), { id: 'b' }, UID, all)
  await expect(ask()).rejects.toThrow('away')
  fails = false
  expect(await ask()).toEqual([...all])
  expect(asked).toEqual([...all])
})

test('what two work out at once counts once, and what it takes is counted', async () => {
  const values = new KnownValues()
  const ask = (...some: number[]) => valuesOf(session(values, {}), { id: 'b' }, UID, some)
  expect(await Promise.all([ask(1, 2, 700), ask(2, 700, 70_000)])).toEqual([
    [1, 2, 700],
    [2, 700, 70_000],
  ])
  const { octets } = values
  expect(octets).toBeGreaterThan(4 * 1_000)
  expect(await ask(1, 2, 700, 70_000)).toEqual([1, 2, 700, 70_000])
  expect(values.octets).toBe(octets)
})

test('the order of one message that came does not take the place of that of all others', async () => {
  const values = new KnownValues()
  const sort = (...some: number[]) =>
    sorted(
      session(values, {}),
      [{ reverse: true, value: UID }],
      some.map((uid) => ({ uid, modseq: 0 })),
    )
  await sort(1, 2, 3, 4)
  const kept = values.get('b by REVERSE uid')
  expect((await sort(5)).map(({ uid }) => uid)).toEqual([5])
  expect(values.get('b by REVERSE uid')).toBe(kept)
  expect((await sort(1, 2, 5)).map(({ uid }) => uid)).toEqual([5, 2, 1])
  expect(values.get('b by REVERSE uid')).not.toBe(kept)
})

test('a search by a thousand keys looks at the time at each message', async () => {
  let looks = 0
  const slice = { breathe: async () => void looks++ }
  const box = { row: { id: 'b' }, uids: new UidList(uids(1, 2, 3, 4, 5)), recent: { has: () => false } }
  const asked = { ...session(new KnownValues(), {}), slice } as unknown as Session
  const keys = Array.from({ length: 1_000 }, () => ({ kind: 'recent', set: false }) as const)
  const found: number[] = []
  const pages = foundAtAGlance(asked, { kind: 'and', keys }, box as unknown as SearchedMailbox, [[0, 5]])
  for await (const page of pages!) found.push(...page.found)
  expect(found).toEqual([1, 2, 3, 4, 5])
  expect(looks).toBeGreaterThanOrEqual(5)
})

test('a subject of all that a header may hold costs a sort and a thread no more than a long one', async () => {
  const values = new KnownValues()
  const asked = session(values, { subject: '\ufdfa'.repeat(300_000) })
  const [key] = parseSortKeys(new Cursor('(SUBJECT)'))
  await sorted(asked, [key!], [{ uid: 1, modseq: 0 }])
  await threadsOf(asked, 'REFERENCES', byReferences, uids(1))
  expect(values.octets).toBeLessThan(200_000)
})

test('a search for a word holds few headers at once, whatever they hold', async () => {
  const held: number[] = []
  const rows: typeof rowsOf = (box, some) => {
    held.push(some.length)
    return rowsOf(box, some)
  }
  const all = Uint32Array.from({ length: PAGE }, (_, at) => at + 1)
  const box = { row: { id: 'b' }, uids: new UidList(all) } as unknown as SearchedMailbox
  const key = { kind: 'header', name: 'subject', text: 'x' } as const
  for await (const page of foundAtAGlance(session(new KnownValues(), {}, rows), key, box, [[0, PAGE]])!)
    expect(page).toEqual({ looked: PAGE, found: [] })
  expect(held.reduce((sum, one) => sum + one, 0)).toBe(PAGE)
  expect(Math.max(...held)).toBeLessThanOrEqual(32)
})

const UID: Lasting<number> = { name: 'uid', of: ({ row }) => row.uid, octets: () => 1_000 }
