import { describe, expect, test } from 'vitest'
import type { KepAccount } from '../../../../mail/account.ts'
import { EventLog } from '../../../../server/event-log/event-log.ts'
import { Holds } from '../../../../server/retention/holds.ts'
import { Retention, type RetentionRules } from '../../../../server/retention/retention.ts'
import type { Store } from '../../../../storage/port.ts'
import { SWEEP_LEASE } from '../../../../storage/port-copy.ts'
import { message, newIntake, stage } from '../../../contract/store/material.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 22)
const RULES: RetentionRules = { trash: 30 * DAY, bodies: 100 * DAY, every: DAY, sweepOctets: 1e9 }
const [ALI, CAN] = ['ali@hs98.kep.tr', 'can@hs98.kep.tr']

async function house(rules: Partial<RetentionRules> = {}) {
  const store = await openMemoryStore(new Disk())
  const clock = { now: () => new Date(NOW), monotonic: () => NOW }
  const eventLog = new EventLog({
    store,
    clock,
    keepYears: 20,
    lost: (error) => {
      throw error
    },
  })
  const holds = new Holds(store)
  const counts: Record<string, number> = {}
  const accounts = [ALI, CAN].map((address) => ({ address }) as KepAccount)
  let certain = true
  const retention = new Retention({
    store,
    accounts: { list: async (after) => accounts.filter(({ address }) => address > after) },
    holds,
    clock,
    eventLog,
    events: {
      retention: (what, count) => {
        counts[what] = (counts[what] ?? 0) + count
      },
    },
    rules: () => ({ ...RULES, ...rules }),
    clockIsCertain: () => certain,
  })
  const log = async () => (await eventLog.list({}, 0, 100)).map(({ what, details }) => ({ what, details }))
  const doubt = () => {
    certain = false
  }
  return { store, holds, retention, counts, log, doubt }
}

/** A trash that holds a message of 31 days and one of 29. */
async function trashOf(store: Store, account: string): Promise<string> {
  const { id } = await store.mailboxes.create(account, 'Çöp Kutusu', { specialUse: '\\Trash' })
  for (const days of [31, 29])
    await store.mailboxes.append(id, await message(store, `${account}/${days}`, { saved: NOW - days * DAY }))
  return id
}

async function acceptedOn(store: Store, id: string, days: number, recipients: readonly string[]) {
  const [body, record] = [
    await stage(store, Buffer.from(`body ${id}`)),
    await stage(
      store,
      Buffer.from(
        JSON.stringify({ sender: { address: ALI }, recipients: recipients.map((address) => ({ address })) }),
      ),
    ),
  ]
  const intake = { body: body.ref, envelope: record.ref, staged: [body, record] }
  await store.accept(await newIntake(store, id, NOW - days * DAY, intake))
  const [row] = await store.work.claim(['accepted'], { now: NOW, limit: 1, leaseMs: 1 })
  await store.work.settle(row!, { done: true })
  return body.ref
}

describe('the trash', () => {
  test('what lay there longer than the term is deleted, recorded before, and its octets are swept', async () => {
    const { store, retention, counts, log } = await house()
    const id = await trashOf(store, ALI)
    const [old] = await store.mailboxes.page(id, 0, 1)
    await retention.round()
    expect([...(await store.mailboxes.uids(id))]).toEqual([2])
    expect(counts).toEqual({ trash: 1, swept: 1 })
    expect(await log()).toMatchObject([
      {
        what: 'mail deleted',
        details: { uids: [1], messages: [old?.body.hash], because: 'retention.trash' },
      },
    ])
    await expect(store.blobs.read(old!.body)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  })

  test('of an account that is held nothing goes', async () => {
    const { store, holds, retention, counts } = await house()
    const [held, free] = [await trashOf(store, ALI), await trashOf(store, CAN)]
    await holds.place({ account: ALI }, { reason: 'mahkeme', since: 'now', by: 'op' })
    await retention.round()
    expect([(await store.mailboxes.head(held))?.exists, (await store.mailboxes.head(free))?.exists]).toEqual([
      2, 1,
    ])
    expect(counts['trash']).toBe(1)
  })

  test('without a term it stays for ever', async () => {
    const { store, retention } = await house({ trash: undefined })
    const id = await trashOf(store, ALI)
    await retention.round()
    expect((await store.mailboxes.head(id))?.exists).toBe(2)
  })
})

describe('the octets of messages', () => {
  test('go after the term when all is decided; hash and record stay', async () => {
    const { store, retention, counts, log } = await house()
    const [old, young] = [
      await acceptedOn(store, 'old', 101, [CAN]),
      await acceptedOn(store, 'young', 99, [CAN]),
    ]
    await store.accept(await newIntake(store, 'waits', NOW - 200 * DAY))
    await retention.round()
    await expect(store.blobs.read(old)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
    expect((await store.blobs.read(young)).length).toBe(young.size)
    expect(await store.intake('old')).toMatchObject({ body: old, purged: true })
    expect(await store.intake('waits')).toMatchObject({ purged: false })
    expect(counts).toEqual({ purged: 1, swept: 1 })
    expect(await log()).toEqual([
      { what: 'messages purged', details: { intakes: ['old'], because: 'retention.bodies' } },
    ])
  })

  test('a mailbox keeps its own', async () => {
    const { store, retention } = await house()
    const body = await acceptedOn(store, 'old', 101, [CAN])
    const { id } = await store.mailboxes.create(ALI, 'Giden Kutusu', {})
    await store.mailboxes.append(id, await message(store, 'filed', { body, staged: [] }))
    await retention.round()
    expect((await store.blobs.read(body)).length).toBe(body.size)
  })

  test.each([
    ['the message', { intake: 'old' }],
    ['its sender', { account: ALI }],
    ['a recipient', { account: CAN }],
  ])('stay while %s is held, and go when the hold is lifted', async (_, subject) => {
    const { store, holds, retention } = await house()
    const body = await acceptedOn(store, 'old', 101, [CAN])
    expect(await holds.place(subject, { reason: 'mahkeme', since: 'now', by: 'op' })).toBe(true)
    expect(await holds.place(subject, { reason: 'again', since: 'now', by: 'op' })).toBe(false)
    await retention.round()
    expect((await store.blobs.read(body)).length).toBe(body.size)
    expect([await holds.lift(subject), await holds.lift(subject)]).toEqual([true, false])
    await retention.round()
    await expect(store.blobs.read(body)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  })
})

describe('nothing goes', () => {
  test('while another sweeps or a backup is made', async () => {
    const { store, retention, counts } = await house()
    await trashOf(store, ALI)
    await store.chain.lease(SWEEP_LEASE, 'backup', NOW, 1000)
    await retention.round()
    expect(counts).toEqual({})
  })

  test('by a clock in doubt', async () => {
    const { store, retention, counts, doubt } = await house()
    await trashOf(store, ALI)
    doubt()
    await retention.round()
    expect(counts).toEqual({})
  })
})

test('a round that fails gives its lease back: the next one need not wait for it to lapse', async () => {
  const { store, retention, counts } = await house()
  await trashOf(store, ALI)
  const { list } = store.mailboxes
  store.mailboxes.list = async () => {
    throw new Error('store away')
  }
  await expect(retention.round()).rejects.toThrow('store away')
  store.mailboxes.list = list
  expect(await store.chain.lease(SWEEP_LEASE, 'backup', NOW, 0)).toBeDefined()
  await retention.round()
  expect(counts['trash']).toBe(1)
})

describe('what a holder deletes under a hold', () => {
  const HELD = { reason: 'mahkeme', since: 'now', by: 'op' }

  /** A message that its holder deletes for good. */
  async function deleted(subject: { account: string } | { intake: string }) {
    const { store, holds } = await house()
    const { id } = await store.mailboxes.create(ALI, 'A', {})
    const { body, ...rest } = await message(store, '1', { flags: ['\\Deleted'] })
    await store.mailboxes.append(id, { body, ...rest })
    await holds.place(subject, HELD)
    const other = { body: (await stage(store, Buffer.from('other'))).ref, delivery: undefined }
    await holds.keepFor(ALI, [
      other,
      { body, delivery: { intake: 'i1', recipient: 1, contentStart: 0, contentEnd: 1 } },
    ])
    await store.mailboxes.expunge(id, [1])
    await store.blobs.sweep(9)
    return { store, holds, body }
  }

  test.each([{ account: ALI }, { intake: 'i1' }])('of %j is kept until it is lifted', async (subject) => {
    const { store, holds, body } = await deleted(subject)
    expect((await store.blobs.read(body)).length).toBe(body.size)
    const name = 'account' in subject ? `account/${ALI}` : 'intake/i1'
    expect(await holds.list()).toEqual([{ subject: name, ...HELD }])
    await holds.lift(subject)
    await store.blobs.sweep(9)
    await expect(store.blobs.read(body)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  })

  test.each([{ account: CAN }, { intake: 'i2' }])('of %j alone goes', async (subject) => {
    const { store, body } = await deleted(subject)
    await expect(store.blobs.read(body)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  })

  test('goes too when whoever lifted it died before he let go of what it kept, and lifts it again', async () => {
    const { store, holds, body } = await deleted({ account: ALI })
    const { release } = store.blobs
    store.blobs.release = async () => {
      throw new Error('power loss')
    }
    await expect(holds.lift({ account: ALI })).rejects.toThrow('power loss')
    store.blobs.release = release
    expect(await holds.list()).toEqual([])
    expect(await holds.lift({ account: ALI })).toBe(false)
    await store.blobs.sweep(9)
    await expect(store.blobs.read(body)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  })
})
