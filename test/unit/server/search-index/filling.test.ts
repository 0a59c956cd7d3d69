import { expect, test } from 'vitest'
import type { KepAccount, StoredAccount } from '../../../../mail/account.ts'
import { accountAsOf } from '../../../../mail/account-state.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { encodeIndex } from '../../../../mail/mime-codec.ts'
import { MimeIndexer } from '../../../../mail/mime-index.ts'
import { Filling, type FillingParts } from '../../../../server/search-index/filling.ts'
import { filteredOf } from '../../../../server/search-index/filtered.ts'
import type { Store } from '../../../../storage/port.ts'
import { stage } from '../../../contract/store/material.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

const account = (address: string, searchIndex?: StoredAccount['searchIndex']): StoredAccount => ({
  address,
  kind: 'natural',
  service: 'send-receive',
  state: 'active',
  holder: 'Ayşe Işık',
  quota: 1,
  persons: [],
  created: '2026-01-01T00:00:00.000Z',
  ...(searchIndex && { searchIndex }),
})
const on = (since = '1') => ({ state: 'on', since }) as const

interface House {
  readonly store: Store
  readonly accounts: Map<string, StoredAccount>
  readonly told: { counted: Record<string, number>; waiting: number[] }
  readonly boxes: Map<string, string>
  filling(over?: Partial<FillingParts>): Filling
  put(address: string, text: string): Promise<number>
}

async function house(disk = new Disk()): Promise<House> {
  const store = await openMemoryStore(disk)
  const accounts = new Map<string, StoredAccount>()
  const told: House['told'] = { counted: {}, waiting: [] }
  const boxes = new Map<string, string>()
  let op = 0
  const parts: FillingParts = {
    store,
    directory: {
      list: async (after): Promise<KepAccount[]> =>
        [...accounts.values()]
          .filter(({ address }) => address > after)
          .sort((a, b) => (a.address < b.address ? -1 : 1))
          .slice(0, 2)
          .map((stored) => accountAsOf(stored, new Date(0))),
      change: async (address, change) => accounts.set(address, change(accounts.get(address)!)),
    },
    clock: systemClock,
    events: {
      pdfUnread: () => {},
      textFilter: (what, count) => {
        told.counted[what] = (told.counted[what] ?? 0) + count
      },
      textFiltersWait: (messages) => told.waiting.push(messages),
    },
    isAllowed: () => true,
    headerOctets: 65_536,
  }
  return {
    store,
    accounts,
    told,
    boxes,
    filling: (over) => new Filling({ ...parts, ...over }),
    put: async (address, text) => {
      const mailbox = boxes.get(address) ?? (await store.mailboxes.create(address, 'INBOX', {})).id
      boxes.set(address, mailbox)
      const octets = Buffer.from(`Subject: x\r\n\r\n${text}\r\n`)
      const indexer = new MimeIndexer()
      indexer.push(octets)
      const staged = await stage(store, octets)
      const { uid } = await store.mailboxes.append(mailbox, {
        opId: `op${op++}`,
        body: staged.ref,
        staged: [staged],
        index: encodeIndex(indexer.end()),
        flags: [],
        date: 0,
        saved: 0,
        origin: 'client',
      })
      return uid
    },
  }
}

const going = () => new AbortController().signal
const filtered = (of: House, address: string) => filteredOf(of.store.mailboxes, address)

test('accounts that chose it get filters, of what was there and of what comes; others get none', async () => {
  const of = await house()
  for (const [address, index] of [
    ['a', on()],
    ['b', undefined],
    ['c', on()],
  ] as const) {
    of.accounts.set(address, account(address, index))
    for (let n = 0; n < 40; n++) await of.put(address, `metin ${n}`)
  }
  const filling = of.filling()
  await filling.round(going())
  expect(await filtered(of, 'a')).toEqual({ filtered: 40, messages: 40 })
  expect(await filtered(of, 'b')).toEqual({ filtered: 0, messages: 40 })
  expect(await filtered(of, 'c')).toEqual({ filtered: 40, messages: 40 })
  expect(of.told).toEqual({ counted: { made: 80 }, waiting: [80, 40, 0] })
  await of.put('a', 'sonradan')
  await filling.round(going())
  expect(await filtered(of, 'a')).toEqual({ filtered: 41, messages: 41 })
  expect(of.told.counted['made']).toBe(81)
})

test('what has its filter is not looked at again', async () => {
  const of = await house()
  of.accounts.set('a', account('a', on()))
  await of.put('a', 'metin')
  const looks: number[] = []
  const { withoutTextFilter } = of.store.mailboxes
  const mailboxes = {
    ...of.store.mailboxes,
    withoutTextFilter: (mailbox: string, after: number, limit: number) => {
      looks.push(after)
      return withoutTextFilter(mailbox, after, limit)
    },
  }
  const filling = of.filling({ store: { ...of.store, mailboxes } })
  await filling.round(going())
  await filling.round(going())
  expect(looks).toEqual([0])
  await of.put('a', 'yeni')
  await filling.round(going())
  expect(looks).toEqual([0, 1])
  of.accounts.set('a', account('a', on('2')))
  await filling.round(going())
  expect(looks).toEqual([0, 1, 0])
})

test('who chose otherwise has them removed, once and for all', async () => {
  const of = await house()
  of.accounts.set('a', account('a', on()))
  for (let n = 0; n < 3; n++) await of.put('a', `metin ${n}`)
  const filling = of.filling()
  await filling.round(going())
  of.accounts.set('a', account('a', { state: 'removing', since: '2' }))
  await of.filling({ isAllowed: () => false }).round(going())
  expect(await filtered(of, 'a')).toEqual({ filtered: 0, messages: 3 })
  expect(of.accounts.get('a')).toEqual(account('a'))
  expect(of.told.counted['removed']).toBe(3)
  of.accounts.set('a', account('a', on('3')))
  await filling.round(going())
  expect(await filtered(of, 'a')).toEqual({ filtered: 3, messages: 3 })
})

test('a choice that was made anew while the last filters went stays', async () => {
  const of = await house()
  of.accounts.set('a', account('a', { state: 'removing', since: '1' }))
  await of.put('a', 'metin')
  const { clearTextFilters } = of.store.mailboxes
  const mailboxes = {
    ...of.store.mailboxes,
    clearTextFilters: (mailbox: string) => {
      of.accounts.set('a', account('a', on('2')))
      return clearTextFilters(mailbox)
    },
  }
  await of.filling({ store: { ...of.store, mailboxes } }).round(going())
  expect(of.accounts.get('a')?.searchIndex).toEqual(on('2'))
})

test('where it is switched off none is made', async () => {
  const of = await house()
  of.accounts.set('a', account('a', on()))
  await of.put('a', 'metin')
  await of.filling({ isAllowed: () => false }).round(going())
  expect(await filtered(of, 'a')).toEqual({ filtered: 0, messages: 1 })
})

test('one process at a time; what it left half done another does', async () => {
  const of = await house()
  of.accounts.set('a', account('a', on()))
  for (let n = 0; n < 70; n++) await of.put('a', `metin ${n}`)
  const stopping = new AbortController()
  let others: Promise<void> | undefined
  const { setTextFilters } = of.store.mailboxes
  const mailboxes = {
    ...of.store.mailboxes,
    setTextFilters: async (mailbox: string, filters: ReadonlyMap<number, Uint8Array>) => {
      const before = of.told.waiting.length
      others ??= of.filling().round(going())
      await others
      expect(of.told.waiting.length).toBe(before)
      await setTextFilters(mailbox, filters)
      stopping.abort()
    },
  }
  await of.filling({ store: { ...of.store, mailboxes } }).round(stopping.signal)
  expect(await filtered(of, 'a')).toEqual({ filtered: 32, messages: 70 })
  await of.filling().round(going())
  expect(await filtered(of, 'a')).toEqual({ filtered: 70, messages: 70 })
  expect(of.told.counted['made']).toBe(70)
})

test('a message that cannot be read has none, and stops nobody', async () => {
  const disk = new Disk()
  const of = await house(disk)
  of.accounts.set('a', account('a', on()))
  await of.put('a', 'bozuk')
  disk.blobs.clear()
  await of.put('a', 'saglam')
  await of.filling().round(going())
  expect((await of.store.mailboxes.withoutTextFilter(of.boxes.get('a')!, 0, 9)).uids).toEqual([1])
  expect(of.told.counted).toEqual({ made: 1, unreadable: 1 })
})

test('a store that fails ends the round, and the next one goes on', async () => {
  const of = await house()
  of.accounts.set('a', account('a', on()))
  await of.put('a', 'metin')
  const fails = { ...of.store.mailboxes, setTextFilters: () => Promise.reject(new Error('away')) }
  const filling = of.filling({ store: { ...of.store, mailboxes: fails } })
  await expect(filling.round(going())).rejects.toThrow('away')
  await of.filling().round(going())
  expect(await filtered(of, 'a')).toEqual({ filtered: 1, messages: 1 })
})
