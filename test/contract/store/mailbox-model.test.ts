import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FlagChange, MailboxStore, MessageRow, Store } from '../../../storage/port.ts'
import { message } from './material.ts'
import { stores } from './stores.ts'

const RUNS = 60
const NAMES = ['\\Seen', '\\Deleted', '\\Flagged', 'etiket', 'Önemli']

const box = fc.constantFrom(0, 1)
const flags = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 })
const uids = fc
  .uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 5 })
  .map((list) => list.sort((a, b) => a - b))
const operation = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('append'), box, op: fc.integer({ min: 0, max: 9 }), flags }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('store'),
      box,
      uids,
      flags,
      mode: fc.constantFrom<FlagChange['mode'][]>('add', 'remove', 'replace'),
      unseen: fc.constantFrom<{ unseen?: true }[]>({}, { unseen: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expunge'), box, uids }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('copy'), box, uids, to: box }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move'), box, uids, to: box }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('follow'), box, limit: fc.integer({ min: 1, max: 4 }) }),
  },
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

/** What a mailbox is, said as simply as can be. */
class Model {
  uidNext = 1
  readonly rows = new Map<number, { flags: Set<string>; size: number }>()
  readonly appended = new Map<number, number>()

  add(flagNames: Iterable<string>, size: number): number {
    this.rows.set(this.uidNext, { flags: new Set(flagNames), size })
    return this.uidNext++
  }

  present(wanted: readonly number[]): number[] {
    return wanted.filter((uid) => this.rows.has(uid))
  }

  get head() {
    const rows = [...this.rows.values()]
    return {
      uidNext: this.uidNext,
      exists: rows.length,
      unseen: rows.filter((row) => !row.flags.has('\\Seen')).length,
      deleted: rows.filter((row) => row.flags.has('\\Deleted')).length,
      bytes: rows.reduce((sum, row) => sum + row.size, 0),
    }
  }
}

/** What a client knows that only follows the changes. */
class Follower {
  readonly known = new Map<number, string>()
  since = 0

  async follow(mailboxes: MailboxStore, id: string, limit: number): Promise<void> {
    const { modseq, changed, vanished } = await mailboxes.changes(id, this.since, limit)
    expect(modseq).toBeGreaterThanOrEqual(this.since)
    for (const row of changed) this.known.set(row.uid, flagText(row))
    for (const uid of vanished) this.known.delete(uid)
    this.since = modseq
  }
}

const flagText = (row: MessageRow) => row.flags.toSorted().join(' ')

async function perform(
  store: Store,
  ids: readonly string[],
  models: readonly Model[],
  followers: readonly Follower[],
  operation: Operation,
): Promise<void> {
  const { mailboxes } = store
  const [id, model] = [ids[operation.box]!, models[operation.box]!]
  if ('limit' in operation) return followers[operation.box]!.follow(mailboxes, id, operation.limit)
  if ('op' in operation) {
    const earlier = model.appended.get(operation.op)
    const op = 'x'.repeat(operation.op + 1)
    const appended = await mailboxes.append(id, await message(store, op, { flags: operation.flags }))
    expect(appended).toMatchObject({ uid: earlier ?? model.uidNext, added: earlier === undefined })
    if (earlier === undefined) model.appended.set(operation.op, model.add(operation.flags, op.length))
    return
  }
  const present = model.present(operation.uids)
  if ('mode' in operation) {
    const { mode } = operation
    const change = { mode, flags: operation.flags, ...operation.unseen }
    const { modseq } = (await mailboxes.head(id))!
    const { before, changed, counted } = await mailboxes.store(id, operation.uids, change)
    expect(before).toBe(modseq)
    if (counted === undefined) expect(changed.map((row) => row.uid)).toEqual(present)
    else {
      const { modseq: after } = (await mailboxes.head(id))!
      expect({ changed, counted }).toEqual({
        changed: [],
        counted: { messages: present.length, after },
      })
    }
    for (const uid of present) {
      const row = model.rows.get(uid)!
      if (mode === 'replace') row.flags = new Set(operation.flags)
      for (const flag of operation.flags) mode === 'remove' ? row.flags.delete(flag) : row.flags.add(flag)
    }
    return
  }
  if (!('to' in operation)) {
    const gone = present.filter((uid) => model.rows.get(uid)!.flags.has('\\Deleted'))
    expect(await mailboxes.expunge(id, operation.uids)).toEqual(gone)
    for (const uid of gone) model.rows.delete(uid)
    return
  }
  const act = operation.kind === 'move' ? 'move' : 'copy'
  const { pairs } = await mailboxes[act](id, operation.uids, ids[operation.to]!, 9)
  const expected = present.map((uid) => {
    const { flags, size } = model.rows.get(uid)!
    return [uid, models[operation.to]!.add(flags, size)]
  })
  expect(pairs).toEqual(expected)
  if (act === 'move') for (const uid of present) model.rows.delete(uid)
}

describe.each(stores)('$name: mailboxes against a model', ({ open }) => {
  test('after any changes of two mailboxes: rows, counters, UIDs and what a follower knows are the model’s', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 30 }), async (operations) => {
        run++
        const made = [await mailboxes.create(`a${run}`, 'A', {}), await mailboxes.create(`a${run}`, 'B', {})]
        const ids = made.map((row) => row.id)
        const models = [new Model(), new Model()]
        const followers = [new Follower(), new Follower()]
        for (const operation of operations) {
          await perform(under.store, ids, models, followers, operation)
          for (const [at, model] of models.entries())
            expect(await mailboxes.head(ids[at]!)).toMatchObject(model.head)
        }
        for (const [at, model] of models.entries()) {
          const wanted = new Map([...model.rows].map(([uid, row]) => [uid, [...row.flags].sort().join(' ')]))
          const rows = await mailboxes.page(ids[at]!, 0, 999)
          expect(new Map(rows.map((row) => [row.uid, flagText(row)]))).toEqual(wanted)
          const marks = await mailboxes.marks(ids[at]!, 0, 999)
          expect(marks.map(({ uid, modseq, flags }) => ({ uid, modseq, flags }))).toEqual(
            rows.map(({ uid, modseq, flags }) => ({ uid, modseq, flags })),
          )
          expect([...(await mailboxes.uids(ids[at]!))]).toEqual([...model.rows.keys()])
          const { modseq } = (await mailboxes.head(ids[at]!))!
          while (followers[at]!.since < modseq) await followers[at]!.follow(mailboxes, ids[at]!, 2)
          expect(followers[at]!.known).toEqual(wanted)
        }
      }),
      { numRuns: RUNS },
    )
  })
})
