import { describe, expect, test } from 'vitest'
import type { Store, StoreRecord } from '../../../storage/port.ts'
import { fillStore } from '../../../storage/transfer/fill-store.ts'
import { type Source, storeSource } from '../../../storage/transfer/source.ts'
import { message, newIntake, stage, work } from './material.ts'
import { stores } from './stores.ts'

/** Does something right after the first record of a kind was read. */
const meanwhile = (store: Store, kind: StoreRecord['kind'], act: () => Promise<void>): Source => {
  const { records, open } = storeSource(store)
  return {
    open,
    records: async function* () {
      let once = true
      for await (const record of records()) {
        yield record
        if (!once || record.kind !== kind) continue
        once = false
        await act()
      }
    },
  }
}

const hash = Buffer.alloc(32, 1)
const entry = (seq: number, intake: string) => ({
  seq,
  eventId: `of ${intake}`,
  intake,
  parties: [],
  prev: hash,
  hash,
  sha512: Buffer.alloc(64),
  bytes: Buffer.from(intake),
  meta: '{}',
  at: Date.now(),
  keepUntil: Date.now(),
})

/** Accepted, its evidence recorded, delivered: all that there is to do. */
async function send(store: Store, id: string, mailbox: string, seq: number): Promise<void> {
  const at = Date.now()
  await store.accept(await newIntake(store, id, at, { dedup: { key: id, notBefore: 0 } }))
  const fence = await store.chain.lease('pen', 'me', 0, 1000)
  await store.chain.append(fence!, 'evidence', [entry(seq, id)])
  const staged = await stage(store, Buffer.from(`dispatch ${id}`))
  const delivery = { intake: id, recipient: 1, contentStart: 0, contentEnd: 1 }
  const opId = `deliver/${id}/1`
  await store.mailboxes.append(
    mailbox,
    await message(store, opId, {
      body: staged.ref,
      staged: [staged],
      saved: at,
      origin: 'pipeline',
      delivery,
      flags: ['\\Seen'],
    }),
  )
  const rows = await store.work.claim(['accepted'], { now: at, limit: 9, leaseMs: 1000 })
  for (const row of rows) await store.work.settle(row, { done: true, spawn: [work(id)] })
}

describe.each(stores)('$name: a copy of a store in use', ({ open }) => {
  test('holds no message without what it was delivered from, and all of what was there when it began', async () => {
    await using source = await open()
    await using target = await open()
    const { id } = await source.store.mailboxes.create('u', 'INBOX', {})
    await send(source.store, 'm', id, 1)
    const seen: number[] = []
    // In order of their ids one comes before what was read already, one behind it; and a person writes too.
    const busy = meanwhile(source.store, 'intake', async () => {
      await send(source.store, 'a', id, 2)
      await source.store.mailboxes.append(id, await message(source.store, 'by a person'))
      await send(source.store, 'z', id, 3)
      seen.push(...(await source.store.mailboxes.uids(id)))
    })
    await fillStore(target.store, busy)
    const { mailboxes, chain } = target.store
    const rows = await mailboxes.page(id, 0, 99)
    expect(rows[0]).toMatchObject({ uid: 1, delivery: { intake: 'm' } })
    for (const { delivery, body } of rows) {
      await target.store.blobs.read(body)
      if (delivery !== undefined)
        expect(await target.store.intake(delivery.intake)).toMatchObject({ purged: false })
    }
    // Evidence stays, and what it is about can be found.
    const entries = await chain.read('evidence', 1, 99)
    expect(entries.length).toBeGreaterThan(0)
    for (const { intake } of entries) expect(await target.store.intake(intake!)).toBeDefined()
    // Whoever sends again what the copy has no message of is heard.
    const known = new Set(rows.flatMap(({ delivery }) => delivery?.intake ?? []))
    const again = { dedup: { key: 'a', notBefore: 0 } }
    const { duplicateOf } = await target.store.accept(await newIntake(target.store, 'b', Date.now(), again))
    expect(duplicateOf).toBe(known.has('a') ? 'a' : undefined)
    // No UID that was told of comes back with another message.
    const told = await mailboxes.head(id)
    const isLater = (told?.uidNext ?? 0) > 2
    const { uid } = await mailboxes.append(id, await message(target.store, 'new'))
    expect(uid).toBeGreaterThan(isLater ? Math.max(...seen) : 1)
  })

  test('holds a message that is moved meanwhile', async () => {
    await using source = await open()
    const { mailboxes } = source.store
    const [a, b] = [await mailboxes.create('u', 'A', {}), await mailboxes.create('u', 'B', {})]
    await mailboxes.append(a.id, await message(source.store, 'in a'))
    await mailboxes.append(b.id, await message(source.store, 'in b'))
    const busy = meanwhile(source.store, 'mailbox', async () => {
      await mailboxes.move(b.id, [1], a.id, 7)
    })
    const records = await Array.fromAsync(busy.records())
    const opIds = records.flatMap((record) => (record.kind === 'message' ? [record.opId] : []))
    expect(opIds.sort()).toEqual(['in a', 'in b'])
  })

  test('a mailbox keeps what its messages name, whoever kept it when the bodies were read', async () => {
    await using source = await open()
    await using target = await open()
    const { mailboxes, blobs } = source.store
    const [inbox, other] = [
      await mailboxes.create('u', 'INBOX', {}),
      await mailboxes.create('v', 'INBOX', {}),
    ]
    for (const op of ['stays', 'moved']) await mailboxes.append(inbox.id, await message(source.store, op))
    // Documents follow acceptances, blobs come last: all of this happens after the messages were told of, or before.
    const busy = meanwhile(source.store, 'message', async () => {
      const target = await mailboxes.create('u', 'Arşiv', {})
      await mailboxes.move(inbox.id, [2], target.id, 7)
      await mailboxes.append(other.id, await message(source.store, 'a draft that came meanwhile'))
      // Of an acceptance that never came.
      await blobs.save(await stage(source.store, Buffer.from('dispatch')), 'intake/never')
    })
    const { withoutBody } = await fillStore(target.store, busy)
    const store = await target.reopen()
    await store.blobs.sweep(99)
    const rows = await store.mailboxes.page(inbox.id, 0, 9)
    expect(withoutBody).toBe(0)
    for (const { body } of rows) await store.blobs.read(body)
    expect(rows[0]).toMatchObject({ uid: 1 })
    const moved = rows.find(({ uid }) => uid === 2)
    if (moved !== undefined) {
      // What lets go of it elsewhere takes nothing away here.
      for (const { id } of await store.mailboxes.list('u'))
        if (id !== inbox.id) await store.mailboxes.delete(id)
      await store.blobs.sweep(99)
      expect(Buffer.from(await store.blobs.read(moved.body)).toString()).toBe('moved')
    }
    const never = { ...(await stage(store, Buffer.from('dispatch'))).ref }
    await expect(store.blobs.read(never)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  })
})
