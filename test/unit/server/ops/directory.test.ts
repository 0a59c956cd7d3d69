import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { directory as settingsSchema } from '../../../../config/directory.ts'
import { completeListings } from '../../../../server/listings/complete.ts'
import { Listings } from '../../../../server/listings/listings.ts'
import { type OperationName, perform } from '../../../../server/ops/operations/catalog.ts'
import type { OperationParts } from '../../../../server/ops/operations/operation.ts'
import type { Store } from '../../../../storage/port.ts'
import { account, directoryHouse, putAccount } from '../../../fakes/directory-house.ts'
import { houseOf } from '../../../fakes/house.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { crashesAt } from '../../../fakes/memory-store/documents.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

const ALI = 'ali.veli@hs98.kep.tr'
const ORNEK = 'ornek@hs98.kep.tr'
const mersis = { type: 'mersis', number: '0876005220500260' } as const
const person = (handle: string, over: object = {}) => ({
  handle,
  name: 'Ali Veli',
  identityNumber: '10000000146',
  active: true,
  permissions: ['read', 'general'] as const,
  ...over,
})

let store: Store
let parts: OperationParts
beforeEach(async () => {
  store = await openMemoryStore(new Disk())
  parts = { ...(await houseOf(store)), directory: directoryHouse(store).accounts, defaultQuota: 1 }
  await putAccount(store, account(ALI, { persons: [person('ali')] }))
  const persons = [
    person('ayse'),
    person('can', { permissions: ['read'] }),
    person('eski', { active: false }),
  ]
  await putAccount(
    store,
    account(ORNEK, {
      kind: 'legal',
      holder: 'Örnek Yazılım A.Ş.',
      identity: mersis,
      state: 'pending',
      persons,
    }),
  )
})
afterEach(() => store[Symbol.asyncDispose]())

const run = (name: OperationName, args: unknown, over: Partial<OperationParts> = {}): Promise<unknown> =>
  perform({ ...parts, ...over }, name, args, () => {})
const search = (criteria: object, by?: object) => run('directory search', { criteria, by })
const byName = { group: 'natural', givenNames: 'Ali', surname: 'Veli' }
const recorded = async () =>
  (await parts.eventLog.list({}, 0, 100)).map(({ what, by, account: of, details }) => ({
    what,
    by,
    of,
    details,
  }))
const withSettings = (settings: object) => ({
  listings: new Listings({
    store,
    accounts: parts.directory,
    clock: parts.clock,
    domain: parts.domain,
    settings: () => settingsSchema.parse(settings),
    events: { directoryQuery: () => {} },
  }),
})

describe('6.10 who is found', () => {
  test('a legal person from the day on which its account is active, though nobody filled anything in', async () => {
    const asked = { group: 'legal', fullName: 'örnek yazılım' }
    expect(await search(asked)).toEqual({ listings: [] })
    await run('account activate', { address: ORNEK })
    expect(await search(asked)).toEqual({
      listings: [
        {
          address: ORNEK,
          provider: 'hs98.kep.tr',
          kind: 'legal',
          identity: mersis,
          fields: { fullName: 'Örnek Yazılım A.Ş.' },
        },
      ],
    })
    expect(await search({ group: 'legal', identityNumber: mersis.number })).toMatchObject({
      listings: [{ address: ORNEK }],
    })
    await run('account close', { address: ORNEK, reason: 'istek' })
    expect(await search(asked)).toEqual({ listings: [] })
    await run('account reopen', { address: ORNEK, identity: mersis, reason: 'istek' })
    expect(await search(asked)).toMatchObject({ listings: { length: 1 } })
    expect(await run('directory show', { address: ORNEK })).toMatchObject({
      missing: ['mainActivity', 'province', 'addressDetail'],
    })
  })

  test('6.13 a natural person by consent alone, and by each field that was agreed to; until it is taken back', async () => {
    expect(await search(byName)).toEqual({ listings: [] })
    const phone = '0532 111 22 33'
    expect(
      await run('directory set', {
        address: ALI,
        listed: true,
        fields: { phone, province: 'Van' },
        by: 'ali',
      }),
    ).toMatchObject({ open: { fields: { givenNames: 'Ali', surname: 'Veli' } }, missing: [] })
    expect(await search(byName)).toEqual({
      listings: [
        {
          address: ALI,
          provider: 'hs98.kep.tr',
          kind: 'natural',
          identity: { type: 'tckn', number: '*********46' },
          fields: { givenNames: 'Ali', surname: 'Veli' },
        },
      ],
    })
    expect(await search({ ...byName, phone })).toEqual({ listings: [] })
    await run('directory set', { address: ALI, consent: ['phone', 'service'] })
    expect(await search({ ...byName, phone, service: 'send-receive' })).toMatchObject({
      listings: [{ fields: { phone, service: 'send-receive' } }],
    })
    await run('directory set', { address: ALI, consent: [] })
    expect(await search({ ...byName, phone })).toEqual({ listings: [] })
    await run('directory set', { address: ALI, listed: false })
    expect(await search(byName)).toEqual({ listings: [] })
    expect(await run('directory show', { address: ALI })).toMatchObject({ open: null, fields: { phone } })
  })

  test('a name that changes is found from then on, and the former one no more', async () => {
    await run('account activate', { address: ORNEK })
    await run('account update', { address: ORNEK, holder: 'Yeni A.Ş.' })
    expect(await search({ group: 'legal', fullName: 'yeni' })).toMatchObject({ listings: { length: 1 } })
    expect(await search({ group: 'legal', fullName: 'örnek' })).toEqual({ listings: [] })
    await run('account update', { address: ALI, holder: 'Ali Can' })
    expect(await search({ ...byName, surname: 'Can' })).toEqual({ listings: [] })
    await run('directory set', { address: ALI, listed: true, fields: { givenNames: 'Ali', surname: 'Can' } })
    await run('account update', { address: ALI, holder: 'Ali Can Su' })
    expect(await search({ group: 'natural', givenNames: 'Can', surname: 'Su' })).toMatchObject({
      listings: [{ fields: { givenNames: 'Ali Can', surname: 'Su' } }],
    })
  })

  test('a change of the name that dies after any of its writes leaves the account found by its name', async () => {
    for (let at = 1; ; at++) {
      const disk = new Disk()
      const healthy = await openMemoryStore(disk)
      const house = directoryHouse(healthy)
      await putAccount(healthy, account(ORNEK, { kind: 'legal', holder: 'Eski' }))
      await house.listings.followOwn((await house.accounts.get(ORNEK))!)
      const dying = await openMemoryStore(disk, { crasher: crashesAt(at) })
      const there = directoryHouse(dying)
      const eventLog = { record: async () => ({ id: 'olay' }) } as never
      const died = await perform(
        { ...parts, store: dying, directory: there.accounts, listings: there.listings, eventLog },
        'account update',
        { address: ORNEK, holder: 'Yeni' },
        () => {},
      ).then(
        () => false,
        () => true,
      )
      const name = (await house.accounts.get(ORNEK))!.holder
      expect(await house.find('legal', { fullName: name })).toEqual([ORNEK])
      expect(await house.find('legal', { fullName: name === 'Eski' ? 'Yeni' : 'Eski' })).toEqual([])
      if (died) continue
      expect(at).toBeGreaterThan(4)
      break
    }
  })

  test('6.14 who acts for a legal person where it was chosen', async () => {
    await run('account activate', { address: ORNEK })
    const fields = { representativeNames: 'Ayşe', representativeTitle: 'avukat', mainActivity: 'Yazılım' }
    await run('directory set', { address: ORNEK, fields, consent: ['representativeTitle'], by: 'ayse' })
    expect(
      await search({ group: 'legal', mainActivity: 'yazılım', representativeTitle: 'AVUKAT' }),
    ).toMatchObject({
      listings: [{ fields: { mainActivity: 'Yazılım', representativeTitle: 'avukat' } }],
    })
    expect(await search({ group: 'legal', mainActivity: 'yazılım', representativeNames: 'ayşe' })).toEqual({
      listings: [],
    })
  })

  test('accounts that are older than the directory, once for each rule; persons stay as they are', async () => {
    await putAccount(store, account('eski@hs98.kep.tr', { kind: 'public', holder: 'Eski Kurum' }))
    const complete = (legalMandatory: 'province'[]) =>
      completeListings(
        { store: store.listings, accounts: parts.directory, listings: parts.listings, legalMandatory },
        new AbortController().signal,
      )
    await complete(['province'])
    expect(await search({ group: 'legal', fullName: 'eski' })).toMatchObject({ listings: { length: 1 } })
    expect(await search(byName)).toEqual({ listings: [] })
    await putAccount(store, account('yeni@hs98.kep.tr', { kind: 'public', holder: 'Yeni Kurum' }))
    await complete(['province'])
    expect(await search({ group: 'legal', fullName: 'yeni' })).toEqual({ listings: [] })
    await complete([])
    expect(await search({ group: 'legal', fullName: 'yeni' })).toMatchObject({ listings: { length: 1 } })
  })
})

test('numbers of persons are shown whole where the setting says so', async () => {
  await run('directory set', { address: ALI, listed: true })
  const over = withSettings({ identityNumbers: 'whole' })
  expect(await run('directory search', { criteria: byName }, over)).toMatchObject({
    listings: [{ identity: { number: '10000000146' } }],
  })
})

describe('what is refused', () => {
  test.each<[string, object, string]>([
    ['an unknown account', { address: 'x@hs98.kep.tr' }, 'NO_SUCH_ACCOUNT'],
    ['another name', { address: ALI, fields: { givenNames: 'Veli', surname: 'Ali' } }, 'BAD_ARGUMENTS'],
    ['a name for a company', { address: ORNEK, fields: { surname: 'x' } }, 'BAD_ARGUMENTS'],
    ['the name of a company', { address: ORNEK, fields: { fullName: 'x' } }, 'BAD_ARGUMENTS'],
    ['the service', { address: ALI, fields: { service: 'receive-only' } }, 'BAD_ARGUMENTS'],
    ['consent that nobody asks for', { address: ALI, consent: ['surname'] }, 'BAD_ARGUMENTS'],
    ['consent to a field of others', { address: ORNEK, consent: ['service'] }, 'BAD_ARGUMENTS'],
    ['a company that hides', { address: ORNEK, listed: false }, 'BAD_ARGUMENTS'],
    ['a person without the right', { address: ORNEK, by: 'can' }, 'MAY_NOT_GRANT'],
    ['a key that is none', { address: ALI, fields: { publicKey: '<x>' } }, 'BAD_ARGUMENTS'],
    ['prototype', { address: ALI, fields: JSON.parse('{"__proto__":"x"}') }, 'BAD_ARGUMENTS'],
  ])('to set %s', async (_, args, code) => {
    await expect(run('directory set', args)).rejects.toMatchObject({ code })
  })

  test('to change what is closed', async () => {
    const closing = { at: '', reason: '', before: 'active' as const, readableUntil: '2999-01-01T00:00:00Z' }
    await putAccount(store, account(ALI, { state: 'closed', closing }))
    await expect(run('directory set', { address: ALI, listed: true })).rejects.toMatchObject({
      code: 'WRONG_STATE',
    })
  })

  test.each<[string, object | undefined, string]>([
    ['no account', { account: 'x@hs98.kep.tr' }, 'NO_SUCH_ACCOUNT'],
    ['another provider’s', { account: 'x@hs02.kep.tr' }, 'NO_SUCH_ACCOUNT'],
    ['an account that is not active', { account: ORNEK, person: 'ayse' }, 'WRONG_STATE'],
    ['a person that there is not', { account: ALI, person: 'x' }, 'NO_SUCH_PERSON'],
  ])('6.9 to ask for %s', async (_, by, code) => {
    await expect(search(byName, by)).rejects.toMatchObject({ code })
    expect(await recorded()).toEqual([])
  })

  test('6.9 to ask as nobody in particular, or as somebody without rights', async () => {
    await run('account activate', { address: ORNEK })
    for (const by of [{ account: ORNEK }, { account: ORNEK, person: 'eski' }])
      await expect(search(byName, by)).rejects.toMatchObject({ code: 'NO_SUCH_PERSON' })
    expect(await search(byName, { account: ORNEK, person: 'can' })).toEqual({ listings: [] })
  })

  test('6.5 to leave required fields empty', async () => {
    for (const criteria of [
      { group: 'natural', surname: 'Veli' },
      { group: 'legal', province: 'Van' },
    ])
      await expect(search(criteria)).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' })
  })

  test('a source of the configuration is not imported by hand', async () => {
    const over = withSettings({ sources: [{ provider: 'hs02.kep.tr', file: 'x' }] })
    await expect(run('directory import', { provider: 'hs02.kep.tr', lines: [] }, over)).rejects.toMatchObject(
      {
        code: 'CONFIGURED',
      },
    )
  })
})

describe('what is recorded', () => {
  test('who asked, by which criteria, and how many were found; nothing that was looked for', async () => {
    await run('directory set', { address: ALI, listed: true, fields: { phone: '5321112233' }, by: 'ali' })
    await search(byName, { account: ALI.toUpperCase() })
    await search({ group: 'natural', identityNumber: '10000000146' })
    await expect(
      run(
        'directory search',
        { criteria: { group: 'natural', title: 'x' } },
        {
          listings: { search: () => Promise.reject(Object.assign(new Error(), { code: 'x' })) } as never,
        },
      ),
    ).rejects.toThrow()
    await run('directory export', {})
    expect((await recorded()).slice(1)).toEqual([
      {
        what: 'directory search',
        by: { operator: 'test', person: 'ali' },
        of: ALI,
        details: { group: 'natural', criteria: ['givenNames', 'surname'], found: 1 },
      },
      {
        what: 'directory search',
        by: { operator: 'test' },
        of: undefined,
        details: { group: 'natural', criteria: ['identityNumber'], found: 1 },
      },
      { what: 'directory export', by: { operator: 'test' }, of: undefined, details: {} },
    ])
    const chain = Buffer.concat(
      (await store.chain.read('events', 1, 100)).map(({ bytes }) => bytes),
    ).toString()
    for (const value of ['10000000146', '5321112233', 'Veli']) expect(chain).not.toContain(value)
  })

  test('too many are recorded, too fast is not; and nothing is told that cannot be recorded', async () => {
    await run('directory set', { address: ALI, listed: true })
    await putAccount(store, account('ali.veli.2@hs98.kep.tr', { persons: [person('ali')] }))
    await run('directory set', { address: 'ali.veli.2@hs98.kep.tr', listed: true })
    const over = withSettings({ maxResults: 1, queriesPerMinute: 1 })
    const ask = () => run('directory search', { by: { account: ALI }, criteria: byName }, over)
    await expect(ask()).rejects.toMatchObject({
      code: 'TOO_BROAD',
      message: 'Sorgu kriterlerini artırınız. / Add search criteria.',
    })
    await expect(ask()).rejects.toMatchObject({ code: 'TOO_FAST' })
    expect((await recorded()).slice(2).map(({ details }) => details)).toEqual([
      { group: 'natural', criteria: ['givenNames', 'surname'], refused: 'TOO_BROAD' },
    ])
    const eventLog = { record: () => Promise.reject(new Error('no pen')) } as never
    await expect(run('directory search', { criteria: byName }, { eventLog })).rejects.toThrow('no pen')
  })
})

test('an export goes page by page', async () => {
  for (let index = 0; index < 501; index++)
    await parts.listings.write(`a${index}@hs02.kep.tr`, 'hs02.kep.tr', () => ({
      address: `a${index}@hs02.kep.tr`,
      provider: 'hs02.kep.tr',
      kind: 'legal',
      identity: mersis,
      listed: true,
      fields: { fullName: 'x' },
      consent: [],
    }))
  const first = (await run('directory export', { provider: 'hs02.kep.tr' })) as {
    lines: string[]
    next: string
  }
  expect(first.lines).toHaveLength(500)
  expect(await run('directory export', { provider: 'hs02.kep.tr', after: first.next })).toMatchObject({
    lines: { length: 1 },
    next: undefined,
  })
  expect(await run('directory export', {})).toEqual({ lines: [], next: undefined })
})
