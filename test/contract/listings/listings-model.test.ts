/** What is found is what a scan of everything that may be seen would find, in whatever order it was written, also after crashes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { directory as settingsSchema } from '../../../config/directory.ts'
import type { StoredAccount } from '../../../mail/account.ts'
import { type Listing, type ListingField, shown } from '../../../mail/listing.ts'
import { type Criteria, fits, hasPrimary } from '../../../mail/listing-criteria.ts'
import { entryKey, keysUnder, parseListing } from '../../../server/listings/document.ts'
import type { Store } from '../../../storage/port.ts'
import { account, directoryHouse, putAccount } from '../../fakes/directory-house.ts'
import { Disk } from '../../fakes/memory-store/disk.ts'
import { Crashed, crashesAt } from '../../fakes/memory-store/documents.ts'
import { openMemoryStore } from '../../fakes/memory-store.ts'
import { amount } from '../../fakes/thorough.ts'
import { stores } from '../store/stores.ts'

/** Histories of each store; orders of two processes. */
const RUNS = amount({ whole: 25, slice: 8 })
const SEEDS = amount({ whole: 150, slice: 50 })

const WORDS = ['ali', 'VELİ', 'Işık', 'su'] as const
const OWN = ['a@hs98.kep.tr', 'b@hs98.kep.tr', 'c@k.hs98.kep.tr'] as const
const FOREIGN = ['a@hs02.kep.tr', 'b@hs02.kep.tr'] as const
const { legalMandatory } = settingsSchema.parse({})

const text = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 2 })
  .map((words) => words.join(' '))
const NAMES = ['title', 'province', 'mainActivity', 'phone', 'representativeSurname'] as const
const fields = fc.dictionary(fc.constantFrom<ListingField>(...NAMES), text)
const consent = fc.uniqueArray(fc.constantFrom<ListingField>(...NAMES))
const kind = fc.constantFrom<StoredAccount['kind']>('natural', 'legal', 'public', 'other')
const state = fc.constantFrom<StoredAccount['state']>('pending', 'active', 'active', 'closed')

type Step =
  | { do: 'account'; address: string; kind: StoredAccount['kind']; holder: string }
  | { do: 'state'; address: string; state: StoredAccount['state'] }
  | {
      do: 'set' | 'import'
      address: string
      fields: object
      consent: ListingField[]
      listed: boolean
      holder: string
    }
  | { do: 'remove'; address: string }

const own = fc.constantFrom(...OWN)
const foreign = fc.constantFrom(...FOREIGN)
const filled = { fields, consent, listed: fc.boolean(), holder: text }
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('state' as const), address: own, state }),
  fc.record({ do: fc.constant('set' as const), address: own, ...filled }),
  fc.record({ do: fc.constant('import' as const), address: foreign, ...filled }),
  fc.record({ do: fc.constant('remove' as const), address: foreign }),
)
/** Accounts are made first, as what they are never changes. */
const history = fc
  .tuple(
    fc.tuple(
      ...OWN.map((address) =>
        fc.record({ do: fc.constant('account' as const), address: fc.constant(address), kind, holder: text }),
      ),
    ),
    fc.array(step, { maxLength: 8 }),
  )
  .map(([accounts, steps]): Step[] => [...accounts, ...steps])

const QUERIES: Criteria[] = (['natural', 'legal'] as const).flatMap((group) =>
  WORDS.flatMap((word) =>
    [
      { title: word },
      { mainActivity: word },
      { fullName: word },
      { fullName: word, representativeSurname: 'su' },
      { givenNames: word, surname: 'ısık' },
      { title: word, province: 'Ali' },
      { title: `su ${word}` },
    ].map((given) => ({ group, given: new Map(Object.entries(given)) as Criteria['given'] })),
  ),
)

/** What everybody may see, kept as simply as can be. */
class Model {
  readonly accounts = new Map<string, StoredAccount>()
  readonly entries = new Map<string, Listing>()

  find(criteria: Criteria): string[] {
    return [...this.entries]
      .filter(([address, entry]) => {
        const open = shown(entry, legalMandatory)
        const isThere =
          FOREIGN.some((one) => one === address) || this.accounts.get(address)?.state === 'active'
        return isThere && open !== undefined && fits(open, criteria)
      })
      .map(([address]) => address)
      .sort()
  }
}

const foreignListing = ({
  address,
  fields,
  consent,
  holder,
}: Extract<Step, { do: 'set' | 'import' }>): Listing => ({
  address,
  provider: 'hs02.kep.tr',
  kind: 'natural',
  identity: { type: 'tckn', number: '10000000146' },
  listed: true,
  fields: { givenNames: holder, surname: 'Işık', ...fields },
  consent,
})

/** One step on the store; the model follows where it is given. */
async function take(store: Store, one: Step, model?: Model): Promise<void> {
  const house = directoryHouse(store)
  const { listings, accounts } = house
  if (one.do === 'account') {
    const made = account(one.address, { kind: one.kind, holder: `${one.holder} Işık` })
    await putAccount(store, made)
    await listings.followOwn((await accounts.get(one.address))!)
    model?.accounts.set(one.address, made)
    model?.entries.set(one.address, (await listings.own((await accounts.get(one.address))!))!.listing)
  } else if (one.do === 'state') {
    const made = JSON.parse((await store.accounts.get(one.address))!.document)
    await putAccount(store, { ...made, state: one.state })
    model?.accounts.set(one.address, { ...made, state: one.state })
  } else if (one.do === 'set') {
    const set = (listing: Listing): Listing => ({
      ...listing,
      fields: { ...listing.fields, ...one.fields },
      consent: one.consent,
      listed: one.listed,
    })
    await listings.changeOwn((await accounts.get(one.address))!, set)
    const before = model?.entries.get(one.address)
    if (before !== undefined) model?.entries.set(one.address, set(before))
  } else if (one.do === 'import') {
    await listings.write(one.address, 'hs02.kep.tr', () => foreignListing(one))
    model?.entries.set(one.address, foreignListing(one))
  } else {
    await listings.write(one.address, 'hs02.kep.tr', () => undefined)
    model?.entries.delete(one.address)
  }
}

/** No row of the index but those of entries, once everything that was begun is at its end. */
async function expectNoDebts(store: Store): Promise<void> {
  const there: string[] = []
  for await (const { rest } of keysUnder(store.listings, 'index/')) there.push(rest)
  const named: string[] = []
  for await (const { rest: address, document } of keysUnder(store.listings, 'entry/'))
    named.push(...parseListing(document).rows.map((row) => `${row}/${address}`))
  expect(there.sort()).toEqual(named.sort())
}

const search = (store: Store, { group, given }: Criteria) =>
  directoryHouse(store).find(group, Object.fromEntries(given))

test('every query that is asked here could be asked', () => {
  expect(
    QUERIES.filter((query) => query.group === 'natural' && query.given.has('title')).every(hasPrimary),
  ).toBe(true)
})

describe.each(stores)('$name', ({ open }) => {
  test('found = a scan of what may be seen', { timeout: 60_000 }, async () => {
    let hits = 0
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        await using under = await open()
        const model = new Model()
        for (const one of steps) await take(under.store, one, model)
        for (const query of QUERIES) {
          const expected = model.find(query)
          hits += expected.length
          expect(await search(under.store, query)).toEqual(expected)
        }
        await expectNoDebts(under.store)
      }),
      { numRuns: RUNS },
    )
    expect(hits).toBeGreaterThan(amount({ whole: 50, slice: 0 }))
  })
})

const directoryHouseOf = (store: Store) => directoryHouse(store)

describe('two processes that change one entry at once', () => {
  test('each change is there, every row is an entry’s, and the entry is found', {
    timeout: 60_000,
  }, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const disk = new Disk()
      const both = [await openMemoryStore(disk, { seed }), await openMemoryStore(disk, { seed: seed + 1000 })]
      const [store] = both as [Store, Store]
      await take(store, { do: 'account', address: OWN[0], kind: 'natural', holder: 'ali' })
      await Promise.all(
        both.map(directoryHouseOf).flatMap((house, process) =>
          [1, 2].map(async (round) => {
            const own = (await house.accounts.get(OWN[0]))!
            await house.listings.changeOwn(own, (listing) => ({
              ...listing,
              listed: true,
              consent: ['title', 'province'],
              fields: {
                ...listing.fields,
                title: `${listing.fields.title ?? ''} t${process}${round}`.trim(),
                province: `p${process}${round}x${listing.fields.title?.length ?? 0}`,
              },
            }))
          }),
        ),
      )
      await expectNoDebts(store)
      const fields = (await directoryHouse(store).listings.open(OWN[0]))?.fields
      expect(fields?.title?.split(' ').sort()).toEqual(['t01', 't02', 't11', 't12'])
      for (const title of ['t01', 't12'])
        expect(await directoryHouse(store).find('natural', { title, province: fields!.province! })).toEqual([
          OWN[0],
        ])
    }
  })
})

describe('a process that dies after any of its writes', () => {
  const before: Step[] = [
    { do: 'account', address: OWN[0], kind: 'natural', holder: 'ali' },
    {
      do: 'set',
      address: OWN[0],
      fields: { title: 'su', phone: '05321112233' },
      consent: ['title', 'phone'],
      listed: true,
      holder: '',
    },
    {
      do: 'import',
      address: FOREIGN[0],
      fields: { title: 'ali su' },
      consent: ['title'],
      listed: true,
      holder: 'ali',
    },
  ]
  const acts: [string, Step][] = [
    ['takes consent back', { do: 'set', address: OWN[0], fields: {}, consent: [], listed: true, holder: '' }],
    [
      'leaves the directory',
      { do: 'set', address: OWN[0], fields: {}, consent: [], listed: false, holder: '' },
    ],
    [
      'changes a field',
      { do: 'set', address: OWN[0], fields: { title: 'Işık' }, consent: ['title'], listed: true, holder: '' },
    ],
    [
      'imports a new entry',
      {
        do: 'import',
        address: FOREIGN[1],
        fields: { title: 'su' },
        consent: ['title'],
        listed: true,
        holder: 'su',
      },
    ],
    [
      'imports another',
      {
        do: 'import',
        address: FOREIGN[0],
        fields: { title: 'su Işık' },
        consent: ['title'],
        listed: true,
        holder: 'su',
      },
    ],
    ['removes', { do: 'remove', address: FOREIGN[0] }],
    ['opens an account', { do: 'account', address: OWN[1], kind: 'legal', holder: 'su' }],
  ]
  /** Something else than what was begun, after which nothing of that can be there. */
  const another = ({ address }: Step): Step =>
    FOREIGN.some((one) => one === address)
      ? { do: 'remove', address }
      : {
          do: 'set',
          address,
          fields: { title: 'ali', phone: '05320000000' },
          consent: ['title'],
          listed: true,
          holder: '',
        }

  test.each(
    acts.flatMap(([name, act]) => [
      [`${name}, and does it again`, act, act] as const,
      [`${name}, and does something else`, act, another(act)] as const,
    ]),
  )('%s', async (_, act, next) => {
    let writes = 0
    for (let at = 1; ; at++) {
      const disk = new Disk()
      const model = new Model()
      const healthy = await openMemoryStore(disk)
      const twin = await openMemoryStore(new Disk()) // where nobody dies
      for (const one of before) await take(healthy, one)
      for (const one of [...before, act]) await take(twin, one, model)
      const answers = async () => Promise.all(QUERIES.map((query) => search(healthy, query)))
      const old = await answers()
      const died = await openMemoryStore(disk, { crasher: crashesAt(at) }).then(async (dying) =>
        take(dying, act).then(
          () => false,
          (error: unknown) => {
            if (!(error instanceof Crashed)) throw error
            return true
          },
        ),
      )
      const between = await answers()
      await take(healthy, next, model)
      const now = await answers()
      expect(now).toEqual(QUERIES.map((query) => model.find(query)))
      await expectNoDebts(healthy)
      // What is seen after the crash was seen before or is seen now; never anything else.
      for (const [index, seen] of next === act ? between.entries() : [])
        for (const address of seen) expect([...(old[index] ?? []), ...(now[index] ?? [])]).toContain(address)
      if (!died) break
      writes = at
    }
    expect(writes).toBeGreaterThan(1)
  })

  test('an entry that was never finished is none', async () => {
    const disk = new Disk()
    const dying = await openMemoryStore(disk, { crasher: crashesAt(2) })
    await expect(take(dying, acts[3]![1])).rejects.toBeInstanceOf(Crashed)
    const row = await (await openMemoryStore(disk)).listings.get(entryKey(FOREIGN[1]))
    expect(parseListing(row!.document).listing).toBeUndefined()
  })
})
