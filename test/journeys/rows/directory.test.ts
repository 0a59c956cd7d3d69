/** Rules of the KEP directory, asked over the API of a running provider. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callControl } from '../../../server/ops/api/client.ts'
import { startControl } from '../../../server/ops/api/socket.ts'
import type { InputOf } from '../../../server/ops/operations/catalog.ts'
import { operate, partsOf } from '../../fakes/operator.ts'
import { RECIPIENT, SENDER, startProvider, type TestProvider } from '../../fakes/provider.ts'
import { TemporaryFolder } from '../../fakes/temporary-folder.ts'

const FIRM = 'ornekticaret@hs98.kep.tr'
const MERSIS = '0876005220500260'
const AYSE = '10000000146'
const folder = new TemporaryFolder()
let kep: TestProvider
let api: AsyncDisposable
beforeAll(async () => {
  kep = await startProvider({ config: { directory: { queriesPerMinute: 25, maxResults: 3 } } })
  const { operator: _, ...operations } = partsOf(kep)
  api = await startControl(folder.file('kepd.sock'), { operations, events: kep.provider.events })
  await kep.provider.directory.create({
    address: FIRM,
    kind: 'legal',
    service: 'send-receive',
    holder: 'Örnek Ticaret A.Ş.',
    identity: { type: 'mersis', number: MERSIS },
    quota: 1_000_000,
    persons: [{ handle: 'veli', name: 'Veli Kaya', identityNumber: '11111111110' }],
  })
  await operate(kep, 'account activate', { address: FIRM })
  const lines = ['bir', 'iki', 'uc', 'dort'].map((name, index) => ({
    number: index + 1,
    text: JSON.stringify({
      address: `${name}@hs02.kep.tr`,
      kind: 'public',
      identity: { type: 'detsis', number: `2430811${index}` },
      fullName: `Örnek Belediyesi ${name}`,
      province: index === 0 ? 'Kayseri' : 'Ankara',
    }),
  }))
  await operate(kep, 'directory import', { provider: 'hs02.kep.tr', lines, end: true })
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await kep[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

type Criteria = InputOf<'directory search'>['criteria']
const search = (criteria: Criteria, account = SENDER) =>
  callControl(folder.file('kepd.sock'), 'directory search', { by: { account }, criteria }, () => {})
const found = async (criteria: Criteria): Promise<string[]> =>
  (await search(criteria)).listings.map(({ address }) => address)
const consent = (address: string, listed: boolean, fields: Record<string, string>, open: string[]) =>
  operate(kep, 'directory set', { address, listed, fields, consent: open } as InputOf<'directory set'>)

test('6.5: accounts of all providers are found at once, in one of two forms', async () => {
  expect(await found({ group: 'legal', fullName: 'örnek', province: 'kayseri' })).toEqual(['bir@hs02.kep.tr'])
  expect(await found({ group: 'legal', fullName: 'ÖRNEK TİCARET' })).toEqual([FIRM])
  await expect(search({ group: 'legal' })).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' })
})

test('6.10, 6.15: persons are listed by their consent alone, others without; an account may exist and not be listed', async () => {
  expect(await found({ group: 'natural', address: SENDER })).toEqual([])
  await consent(SENDER, true, { givenNames: 'Ayşe', surname: 'Işık' }, [])
  expect(await found({ group: 'natural', address: SENDER })).toEqual([SENDER])
  await consent(SENDER, false, {}, [])
  expect(await found({ group: 'natural', identityNumber: AYSE })).toEqual([])
  expect(await found({ group: 'legal', identityNumber: MERSIS })).toEqual([FIRM])
})

test('6.6: a person is found by address, number, name or title; too broad a query shows nothing', async () => {
  await consent(SENDER, true, { title: 'Avukat', province: 'Ankara' }, ['title', 'province'])
  for (const criteria of [
    { address: SENDER },
    { identityNumber: AYSE },
    { givenNames: 'AYŞE', surname: 'ışık' },
    { title: 'avukat', province: 'ankara' },
  ])
    expect(await found({ group: 'natural', ...criteria }), JSON.stringify(criteria)).toEqual([SENDER])
  const refused = search({ group: 'legal', fullName: 'örnek' })
  await expect(refused).rejects.toMatchObject({ code: 'TOO_BROAD' })
  await expect(refused).rejects.toThrow(/Sorgu kriterlerini artırınız/)
})

test('6.7: an institution is found by address, register number, name or activity', async () => {
  await operate(kep, 'directory set', { address: FIRM, fields: { mainActivity: 'Toptan ticaret' } })
  for (const criteria of [
    { address: FIRM },
    { identityNumber: MERSIS },
    { fullName: 'örnek ticaret' },
    { mainActivity: 'toptan' },
  ])
    expect(await found({ group: 'legal', ...criteria }), JSON.stringify(criteria)).toEqual([FIRM])
})

test('6.11, 6.13: of a person only what was agreed to is seen and searched', async () => {
  await consent(SENDER, true, { district: 'Çankaya', phone: '+903120000000' }, ['district'])
  const [entry] = (await search({ group: 'natural', address: SENDER })).listings
  expect(entry?.fields).toEqual({ givenNames: 'Ayşe', surname: 'Işık', district: 'Çankaya' })
  expect(JSON.stringify(entry)).not.toContain(AYSE)
  expect(await found({ group: 'natural', identityNumber: AYSE, phone: '+903120000000' })).toEqual([])
})

test('6.12, 6.14: of an institution who acts for it is seen only where that was chosen', async () => {
  const fields = { representativeNames: 'Veli', representativeSurname: 'Kaya', representativeTitle: 'Avukat' }
  const set = (open: string[]) =>
    operate(kep, 'directory set', { address: FIRM, fields, consent: open } as InputOf<'directory set'>)
  await set([])
  expect(JSON.stringify(await search({ group: 'legal', address: FIRM }))).not.toContain('Kaya')
  await set(['representativeNames', 'representativeSurname'])
  const [entry] = (await search({ group: 'legal', address: FIRM, representativeSurname: 'kaya' })).listings
  expect(entry?.fields).toMatchObject({ representativeSurname: 'Kaya' })
  expect(entry?.fields).not.toHaveProperty('representativeTitle')
})

test('6.9: only holders of accounts ask, each query is recorded without what was asked, and so many a minute', async () => {
  await expect(search({ group: 'legal', address: FIRM }, 'kimse@hs98.kep.tr')).rejects.toMatchObject({
    code: 'NO_SUCH_ACCOUNT',
  })
  const log = JSON.stringify(await kep.provider.eventLog.list({ account: SENDER }, 0, 500))
  expect(log).toContain('"what":"directory search"')
  for (const asked of ['Çankaya', 'avukat', MERSIS]) expect(log).not.toContain(asked)
  const asking = async (): Promise<void> => {
    for (let i = 0; i < 30; i++) await search({ group: 'legal', address: FIRM }, RECIPIENT)
  }
  await expect(asking()).rejects.toMatchObject({ code: 'TOO_FAST' })
})
