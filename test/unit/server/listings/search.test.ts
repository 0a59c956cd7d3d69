import { beforeEach, describe, expect, test } from 'vitest'
import type { Listing } from '../../../../mail/listing.ts'
import { JOIN_PAGE, MAX_PAGES } from '../../../../server/listings/join.ts'
import { MAX_COMPARED } from '../../../../server/listings/search.ts'
import type { Store } from '../../../../storage/port.ts'
import { account, counted, directoryHouse, putAccount } from '../../../fakes/directory-house.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'
import { movedClock } from '../../../fakes/moved-clock.ts'

let store: Store
let reads: () => number
let house: ReturnType<typeof directoryHouse>
const clock = movedClock()

beforeEach(async () => {
  const seen = counted(await openMemoryStore(new Disk()))
  store = seen.store
  reads = seen.reads
  house = directoryHouse(store, {}, clock)
})

const foreign = (local: string, over: Partial<Listing> = {}): Listing => ({
  address: `${local}@hs02.kep.tr`,
  provider: 'hs02.kep.tr',
  kind: 'natural',
  identity: { type: 'tckn', number: '10000000146' },
  listed: true,
  fields: { givenNames: 'Ahmet', surname: 'Yılmaz', title: 'Avukat' },
  consent: ['title', 'province'],
  ...over,
})
const put = (listing: Listing) => house.listings.write(listing.address, listing.provider, () => listing)
const local = (number: number): string => `a${String(number).padStart(5, '0')}`

/** Many rows of the index at once; entries only where they are given. */
async function rows(row: string, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) await store.listings.put(`index/${row}/${local(number)}@hs02.kep.tr`, '', 0)
}
const upTo = (count: number, step = 1, first = 0) =>
  Array.from({ length: count }, (_, index) => first + index * step)

describe('6.5 all providers at once', () => {
  test('6.10 own accounts and those of others, by names, in order of address', async () => {
    await putAccount(store, account('ahmet.yilmaz@hs98.kep.tr', { holder: 'Ahmet YILMAZ' }))
    const own = (await house.accounts.get('ahmet.yilmaz@hs98.kep.tr'))!
    await house.listings.changeOwn(own, (listing) => ({ ...listing, listed: true }))
    await put(foreign('a.y'))
    for (const surname of ['yilmaz', 'YILMAZ', 'yılmaz', 'Yİlmaz'])
      expect(await house.find('natural', { givenNames: 'ahmet', surname })).toEqual([
        'a.y@hs02.kep.tr',
        'ahmet.yilmaz@hs98.kep.tr',
      ])
    expect(await house.find('natural', { identityNumber: '10000000146' })).toHaveLength(2)
    expect(await house.find('natural', { address: 'A.Y@hs02.kep.tr' })).toEqual(['a.y@hs02.kep.tr'])
    expect(await house.find('legal', { address: 'a.y@hs02.kep.tr' })).toEqual([])
    expect(house.outcomes).toEqual(['found', 'found', 'found', 'found', 'found', 'found', 'nothing'])
  })

  test.each(['pending', 'closed', 'locked', 'active'] as const)('an account that is %s', async (state) => {
    const closing = {
      at: '',
      reason: '',
      before: 'active' as const,
      readableUntil: state === 'locked' ? '2020-01-01T00:00:00Z' : '2999-01-01T00:00:00Z',
    }
    const address = 'ornek@hs98.kep.tr'
    const made = account(address, { kind: 'legal', holder: 'Örnek A.Ş.' })
    await putAccount(store, made)
    await house.listings.followOwn((await house.accounts.get(address))!)
    const stored = state === 'locked' ? 'closed' : state
    await putAccount(store, { ...made, state: stored, ...(stored === 'closed' ? { closing } : {}) })
    expect((await house.accounts.get(address))?.state).toBe(state)
    expect(await house.find('legal', { fullName: 'örnek' })).toEqual(state === 'active' ? [address] : [])
  })

  test('what an account says holds over what was filled in', async () => {
    const address = 'ali.veli@hs98.kep.tr'
    await putAccount(store, account(address))
    const own = (await house.accounts.get(address))!
    await house.listings.changeOwn(own, (listing) => ({
      ...listing,
      listed: true,
      fields: { ...listing.fields, givenNames: 'Başka', surname: 'Biri', service: 'receive-only' },
    }))
    expect((await house.listings.open(address))?.fields).toEqual({ givenNames: 'Ali', surname: 'Veli' })
    expect(await house.find('natural', { givenNames: 'başka', surname: 'biri' })).toEqual([])
  })
})

describe('6.6 “Sorgu kriterlerini artırınız.”', () => {
  test('more than fit on the page are not shown, not even some of them; one more criterion helps', async () => {
    for (const number of upTo(21))
      await put(
        foreign(local(number), {
          fields: { ...foreign('').fields, province: number === 7 ? 'Van' : 'Ankara' },
        }),
      )
    expect(await house.find('natural', { title: 'avukat' })).toBe('TOO_BROAD')
    expect(await house.find('natural', { title: 'avukat', province: 'van' })).toEqual(['a00007@hs02.kep.tr'])
    await house.listings.write('a00007@hs02.kep.tr', 'hs02.kep.tr', () => undefined)
    expect(await house.find('natural', { title: 'avukat' })).toHaveLength(20)
    expect(house.outcomes).toEqual(['too-broad', 'found', 'found'])
  })

  test('entries that do not fit any more are compared only so often', async () => {
    await rows('title/avukat', upTo(MAX_COMPARED + 1))
    const before = reads()
    expect(await house.find('natural', { title: 'avukat' })).toBe('TOO_BROAD')
    expect(reads() - before).toBeLessThanOrEqual(MAX_COMPARED + MAX_PAGES)
  })
})

describe('no query reads more than it may', () => {
  test('of two long lists only what both may have', async () => {
    await rows('givenNames/ahmet', upTo(3000))
    await rows('surname/yilmaz', [...upTo(2000, 1, 2990)])
    await put(foreign(local(2995)))
    const before = reads()
    expect(await house.find('natural', { givenNames: 'ahmet', surname: 'yılmaz' })).toEqual([
      'a02995@hs02.kep.tr',
    ])
    expect(reads() - before).toBeLessThan(20)
  })

  test('lists that never meet end somewhere', async () => {
    const many = (MAX_PAGES / 2 + 2) * JOIN_PAGE
    await rows('givenNames/ahmet', upTo(many, 2))
    await rows('surname/yilmaz', upTo(many, 2, 1))
    const before = reads()
    expect(await house.find('natural', { givenNames: 'ahmet', surname: 'yılmaz' })).toBe('TOO_BROAD')
    expect(reads() - before).toBeLessThanOrEqual(MAX_PAGES)
  })

  test('a short list needs no other', async () => {
    await rows('givenNames/ahmet', upTo(3000))
    await put(foreign(local(5)))
    const before = reads()
    expect(await house.find('natural', { givenNames: 'ahmet', surname: 'yılmaz' })).toHaveLength(1)
    expect(reads() - before).toBeLessThanOrEqual(3)
  })

  test('a hundred words are eight lists', async () => {
    const words = Array.from({ length: 60 }, (_, index) => `k${index}`).join(' ')
    const before = reads()
    expect(await house.find('natural', { title: words })).toEqual([])
    expect(reads() - before).toBeLessThanOrEqual(8)
  })
})

test('6.9 an account asks so often in a minute, the operator as often as it likes', async () => {
  house = directoryHouse(store, { queriesPerMinute: 2 }, clock)
  const ask = (who?: string) => house.find('natural', { title: 'avukat' }, who)
  expect([await ask('a'), await ask('a'), await ask('a'), await ask('b')]).toEqual([[], [], 'TOO_FAST', []])
  expect([await ask(), await ask(), await ask()]).toEqual([[], [], []])
  clock.elapse(31_000)
  expect(await ask('a')).toEqual([])
})
