import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { Store } from '../../../storage/port.ts'
import { message, newIntake, stage, work } from './material.ts'

/** Ends a line for some, not for JSON. */
const NAME = 'Taslaklar\u2028{"kind":"voided","id":"x"}'

/** One of everything that a store keeps. */
export async function furnish(store: Store): Promise<void> {
  const { mailboxes, work: rows, chain, accounts, blobs } = store
  await accounts.put('a', '{"n":1}', 0)
  await accounts.put('a', '{"n":2}', 1)
  await store.ledger.put('l/1', '{}', 0)
  await store.accept(await newIntake(store, 'one', 5, { dedup: { key: 'k', notBefore: 0 } }))
  await store.accept(await newIntake(store, 'two', 6, { body: undefined }))
  await store.voidIntake('three')
  const [row] = await rows.claim(['accepted'], { now: 9, limit: 1, leaseMs: 1000 })
  const queued = work('one', { slot: 'send', kind: 'send', queue: 'hs99', due: 11, payload: '{"a":"ş"}' })
  await rows.settle(row!, { done: true, spawn: [work('one', { slot: 'held' }), queued] })
  const [held] = await rows.claim(['deliver'], { now: 1000, limit: 1, leaseMs: 1000 })
  await rows.settle(held!, { held: true, error: 'no way' })
  const [a, b] = [
    await mailboxes.create('u', 'A', { fixed: true, specialUse: '\\Sent' }),
    await mailboxes.create('u', NAME, {}),
  ]
  const gone = await mailboxes.create('u', 'gone', {})
  await mailboxes.delete(gone.id)
  await mailboxes.subscribe('u', 'A', true)
  for (const op of ['1', '2', '3'])
    await mailboxes.append(
      a.id,
      await message(store, op, { flags: ['\\Deleted', 'Önemli'], joinKey: `j${op}` }),
    )
  const large = await stage(store, randomBytes(300_000))
  const delivery = { intake: 'one', recipient: 1, contentStart: 10, contentEnd: 20 }
  await mailboxes.append(
    b.id,
    await message(store, '9', { body: large.ref, staged: [large], origin: 'pipeline', delivery }),
  )
  await mailboxes.expunge(a.id, [2])
  await mailboxes.copy(a.id, [3], b.id, 77)
  const fence = await chain.lease('pen', 'me', 0, 1000)
  const hash = Buffer.alloc(32, 1)
  const entry = {
    prev: hash,
    hash,
    sha512: Buffer.alloc(64),
    bytes: randomBytes(50),
    meta: '{}',
    at: 8,
    keepUntil: 9,
  }
  await chain.append(fence!, 'c', [
    { ...entry, seq: 1, eventId: 'e1', intake: 'one', parties: ['x', 'y'] },
    { ...entry, seq: 2, eventId: 'e2', intake: undefined, parties: [] },
  ])
  const segment = await stage(store, Buffer.from('both'))
  await chain.seal(
    fence!,
    'c',
    { from: 1, upTo: 2, body: segment.ref, seal: Buffer.from('s'), at: 9 },
    segment,
  )
  await blobs.save(await stage(store, Buffer.from('kept twice')), 'archive')
  await blobs.save(await stage(store, Buffer.from('kept twice')), 'hold/x')
}

/** All that the port can show of it. */
export async function viewOf(store: Store) {
  const boxes = await store.mailboxes.list('u')
  return {
    intakes: [await store.intake('one'), await store.intake('two'), await store.intake('three')],
    named: (await store.intakesNamed('<one@client.example>')).map(({ id }) => id),
    work: [
      await store.work.of('one', { recipient: -1, slot: '' }, 99),
      await store.work.of('two', { recipient: -1, slot: '' }, 99),
    ],
    queues: await store.work.queues(),
    documents: [await store.accounts.list('', 9), await store.ledger.list('', 9)],
    subscriptions: await store.mailboxes.subscriptions('u'),
    boxes: await Promise.all(
      boxes.map(async (row) => ({
        row,
        head: await store.mailboxes.head(row.id),
        messages: await store.mailboxes.page(row.id, 0, 99),
        indexes: await Promise.all(
          [...(await store.mailboxes.uids(row.id))].map((uid) => store.mailboxes.index(row.id, uid)),
        ).then((all) => all.map((index) => Buffer.from(index!).toString())),
        changes: await store.mailboxes.changes(row.id, 0, 99),
      })),
    ),
    chain: (await store.chain.read('c', 0, 9)).map((entry) => ({
      ...entry,
      ...Object.fromEntries(
        (['prev', 'hash', 'sha512', 'bytes'] as const).map((name) => [
          name,
          Buffer.from(entry[name]).toString('hex'),
        ]),
      ),
    })),
    parties: (await store.chain.list('c', { party: 'y' }, 0, 9)).map(({ seq }) => seq),
    segments: (await store.chain.segments('c', 0, 9)).map((one) => ({
      ...one,
      seal: Buffer.from(one.seal).toString(),
    })),
  }
}

export async function bodiesAreThere(store: Store): Promise<void> {
  const rows = await Promise.all(
    (await store.mailboxes.list('u')).map(({ id }) => store.mailboxes.page(id, 0, 9)),
  )
  for (const { body } of rows.flat()) expect((await store.blobs.read(body)).length).toBe(body.size)
  const [segment] = await store.chain.segments('c', 0, 1)
  expect(Buffer.from(await store.blobs.read(segment!.body)).toString()).toBe('both')
}
