import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type LeasedWork, type NewWork, type Store, StoreError } from '../../../storage/port.ts'
import { Disk } from '../../fakes/memory-store/disk.ts'
import { Crashed, crashesWith, seeded } from '../../fakes/memory-store/documents.ts'
import { openMemoryStore } from '../../fakes/memory-store.ts'
import { newIntake, work } from './material.ts'
import { checkMemory } from './stores.ts'

const MESSAGES = 200
const RECIPIENTS = 2
const ACCOUNTS = 4
/** After any single-document write. */
const CRASH_PROBABILITY = 0.08
const LEASE = 60
const KINDS = ['accepted', 'deliver', 'issue'] as const

const accountOf = (message: number, recipient: number) => `u${(message + recipient) % ACCOUNTS}`

/** A machine whose process dies all the time, and is started again: by two at once, one of which goes on. */
class Machine {
  readonly #disk: Disk
  readonly #numbers: () => number
  #store: Store | undefined
  #starts = 0
  readonly name: string
  crashes = 0

  constructor(disk: Disk, name: string, seed: number) {
    this.#disk = disk
    this.name = name
    this.#numbers = seeded(seed)
  }

  get owner(): string {
    return `${this.name}/${this.#starts}`
  }

  /** Undefined where the process died in it. */
  async attempt<T>(act: (store: Store) => Promise<T>): Promise<T | undefined> {
    try {
      this.#store ??= await this.#start()
      return await act(this.#store)
    } catch (error) {
      if (!(error instanceof Crashed)) throw error
      this.crashes++
      this.#store = undefined
      return undefined
    }
  }

  async #start(): Promise<Store> {
    this.#starts++
    const open = () =>
      openMemoryStore(this.#disk, {
        crasher: crashesWith(CRASH_PROBABILITY, this.#numbers),
        seed: Math.floor(this.#numbers() * 1e9),
      })
    const opened = await Promise.allSettled([open(), open()])
    for (const one of opened) if (one.status === 'rejected') throw one.reason
    const [first] = opened
    if (first?.status !== 'fulfilled') throw new Error('unreachable: both were opened')
    return first.value
  }
}

/** Moments, not milliseconds: each look at it is one later, so that leases lapse. */
class Moments {
  #now = 1
  next(by = 1): number {
    this.#now += by
    return this.#now
  }
}

const hashOf = (prev: Uint8Array, eventId: string) =>
  createHash('sha256').update(prev).update(eventId).digest()

/** The archive's way to append: leased, fenced, first octets win. Throws where another is at it. */
async function archive(store: Store, owner: string, now: number, eventId: string): Promise<void> {
  const fence = await store.chain.lease('chain', owner, now, LEASE)
  if (fence === undefined) throw new StoreError('UNAVAILABLE', 'another appends')
  if ((await store.chain.find('c', eventId)) !== undefined) return
  const head = await store.chain.head('c')
  const prev = head?.hash ?? new Uint8Array()
  const entry = {
    seq: (head?.seq ?? 0) + 1,
    eventId,
    prev,
    hash: hashOf(prev, eventId),
    sha512: new Uint8Array(),
    bytes: Buffer.from(eventId),
    intake: undefined,
    meta: '{}',
    parties: [],
    at: now,
    keepUntil: now,
  }
  await store.chain.append(fence, 'c', [entry])
}

/** accepted → evidence, one `deliver` a recipient → mailbox, `transport` → evidence. */
async function step(store: Store, owner: string, now: number, row: LeasedWork): Promise<NewWork[]> {
  const message = Number(row.intake.slice(1))
  if (row.kind !== 'deliver') await archive(store, owner, now, `${row.intake}/${row.recipient}/${row.slot}`)
  if (row.kind === 'accepted')
    return Array.from({ length: RECIPIENTS }, (_, i) =>
      work(row.intake, { recipient: i + 1, slot: 'deliver', kind: 'deliver', due: now }),
    )
  if (row.kind === 'issue') return []
  const inbox = await store.mailboxes.byName(accountOf(message, row.recipient), 'INBOX')
  const intake = await store.intake(row.intake)
  await store.mailboxes.append(inbox!.id, {
    opId: `deliver/${row.intake}/${row.recipient}`,
    body: intake!.body!,
    staged: [],
    index: new Uint8Array(),
    flags: [],
    date: now,
    saved: now,
    origin: 'pipeline',
  })
  return [work(row.intake, { recipient: row.recipient, slot: 'transport', kind: 'issue', due: now })]
}

async function workOnce(machine: Machine, moments: Moments): Promise<void> {
  await machine.attempt(async (store) => {
    const rows = await store.work.claim(KINDS, { now: moments.next(), limit: 4, leaseMs: LEASE })
    if (rows.length === 0) moments.next(LEASE / 4)
    await Promise.all(
      rows.map(async (row) => {
        try {
          const spawn = await step(store, machine.owner, moments.next(), row)
          await store.work.settle(row, { done: true, spawn })
        } catch (error) {
          if (!(error instanceof StoreError)) throw error
          await store.work.settle(row, { retryAt: moments.next(2), error: error.code })
        }
      }),
    )
  })
}

/** A user who reads and files: flags, and moves to another mailbox. What fails is not repeated. */
async function readOnce(machine: Machine, numbers: () => number): Promise<void> {
  await machine.attempt(async ({ mailboxes }) => {
    const account = `u${Math.floor(numbers() * ACCOUNTS)}`
    const [inbox, filed] = [
      await mailboxes.byName(account, 'INBOX'),
      await mailboxes.byName(account, 'Filed'),
    ]
    const uids = [...(await mailboxes.uids(inbox!.id))].filter(() => numbers() < 0.3)
    if (numbers() < 0.5) await mailboxes.store(inbox!.id, uids, { mode: 'add', flags: ['\\Seen'] })
    else await mailboxes.move(inbox!.id, uids, filed!.id, 1)
  })
}

/** Sees every UID and modseq of a mailbox in order, whatever dies around it. */
class Observer {
  #since = 0
  #newest = 0
  readonly known = new Set<number>()

  async look(store: Store, id: string): Promise<void> {
    const told = await store.mailboxes.changes(id, this.#since, 1000)
    const fresh = told.changed.filter(({ uid }) => !this.known.has(uid)).map(({ uid }) => uid)
    for (const uid of fresh) expect(uid).toBeGreaterThan(this.#newest)
    for (const { modseq } of told.changed) expect(modseq).toBeGreaterThan(this.#since)
    expect(told.modseq).toBeGreaterThanOrEqual(this.#since)
    const rows = await store.mailboxes.page(id, this.#newest, 1000)
    const head = await store.mailboxes.head(id)
    for (const row of rows) {
      expect(row.uid).toBeLessThan(head!.uidNext)
      expect(row.modseq).toBeLessThanOrEqual(head!.modseq)
    }
    this.#newest = Math.max(this.#newest, ...fresh, ...told.vanished)
    for (const uid of fresh) this.known.add(uid)
    for (const uid of told.vanished) this.known.delete(uid)
    this.#since = told.modseq
  }
}

test.each([1, 2, 3])(
  'I3: processes that die all the time lose nothing and do nothing twice (seed %i)',
  async (seed) => {
    const disk = new Disk()
    const calm = await openMemoryStore(disk, { seed })
    const inboxes: { id: string; observer: Observer }[] = []
    for (let account = 0; account < ACCOUNTS; account++) {
      const { id } = await calm.mailboxes.create(`u${account}`, 'INBOX', {})
      await calm.mailboxes.create(`u${account}`, 'Filed', {})
      inboxes.push({ id, observer: new Observer() })
    }
    const machines = ['client', 'one', 'two', 'user'].map((name, i) => new Machine(disk, name, seed * 10 + i))
    const [client, one, two, user] = machines as [Machine, Machine, Machine, Machine]
    const moments = new Moments()
    const numbers = seeded(seed)
    let accepted = 0
    const submit = async () => {
      const id = `m${accepted}`
      const answer = await client.attempt(async (store) =>
        store.accept(await newIntake(store, id, 1, { dedup: { key: id, notBefore: 0 } })),
      )
      if (answer === undefined) return
      expect(answer.duplicateOf).toBeUndefined()
      accepted++
    }
    const evidence = MESSAGES * (1 + RECIPIENTS)
    for (let archived = 0, turns = 0; archived < evidence; turns++) {
      if (turns > 20_000) throw new Error(`it does not end: ${accepted} accepted, ${archived} archived`)
      await Promise.all([
        accepted < MESSAGES ? submit() : undefined,
        workOnce(one, moments),
        workOnce(two, moments),
        turns % 5 === 0 ? readOnce(user, numbers) : undefined,
        turns % 3 === 0 ? Promise.all(inboxes.map(({ id, observer }) => observer.look(calm, id))) : undefined,
      ])
      archived = (await calm.chain.head('c'))?.seq ?? 0
    }
    // What was done but not settled is given out again, and done again, to no effect.
    while ((await calm.work.nextDue()) !== undefined) await workOnce(one, moments)
    await Promise.all([openMemoryStore(disk, { seed: 1 }), openMemoryStore(disk, { seed: 2 })])

    expect(machines.reduce((sum, { crashes }) => sum + crashes, 0)).toBeGreaterThan(MESSAGES / 4)
    checkMemory(disk)
    expect(disk.intakes.size).toBe(MESSAGES)
    expect([...disk.work.values()].filter(({ state }) => state !== 'done')).toEqual([])
    const chain = await calm.chain.read('c', 0, 99_999)
    expect(chain.map(({ seq }) => seq)).toEqual(Array.from({ length: evidence }, (_, i) => i + 1))
    expect(new Set(chain.map(({ eventId }) => eventId)).size).toBe(evidence)
    chain.forEach(({ prev, hash, eventId }, i) => {
      expect(Buffer.from(prev).equals(chain[i - 1]?.hash ?? new Uint8Array())).toBe(true)
      expect(hashOf(prev, eventId).equals(hash)).toBe(true)
    })
    const wanted = Array.from({ length: MESSAGES * RECIPIENTS }, (_, i) => {
      const [message, recipient] = [Math.floor(i / RECIPIENTS), 1 + (i % RECIPIENTS)]
      return `${accountOf(message, recipient)} ${disk.intakes.get(`m${message}`)?.body?.hash}`
    })
    const delivered = (
      await Promise.all(
        Array.from({ length: ACCOUNTS }, async (_, account) => {
          const boxes = await calm.mailboxes.list(`u${account}`)
          const rows = await Promise.all(boxes.map(({ id }) => calm.mailboxes.page(id, 0, 9999)))
          return rows.flat().map((row) => `u${account} ${row.body.hash}`)
        }),
      )
    ).flat()
    expect(delivered.sort()).toEqual(wanted.sort())
    for (const { id, observer } of inboxes) {
      await observer.look(calm, id)
      expect([...observer.known].sort((a, b) => a - b)).toEqual([...(await calm.mailboxes.uids(id))])
    }
  },
)
