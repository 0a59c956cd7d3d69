import { writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { feed, type ImportDoor, type ImportReport } from '../../../../server/listings/feed.ts'
import { beginImport, endImport, takeLines } from '../../../../server/listings/import.ts'
import { lineOf } from '../../../../server/listings/listing-line.ts'
import { ListingSources } from '../../../../server/listings/sources.ts'
import type { Store } from '../../../../storage/port.ts'
import { account, directoryHouse, putAccount } from '../../../fakes/directory-house.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const HS02 = 'hs02.kep.tr'
const line = (local: string, over: object = {}): string =>
  JSON.stringify({
    address: `${local}@${HS02}`,
    kind: 'legal',
    identity: { type: 'mersis', number: '0876005220500260' },
    fullName: 'Örnek A.Ş.',
    ...over,
  })

let store: Store
let house: ReturnType<typeof directoryHouse>
beforeEach(async () => {
  store = await openMemoryStore(new Disk())
  house = directoryHouse(store)
})
const found = () => house.find('legal', { fullName: 'örnek' })

async function door(provider = HS02): Promise<ImportDoor> {
  const run = await beginImport(house.parts, provider)
  return {
    take: (lines) => takeLines(house.parts, provider, run, lines),
    end: () => endImport(house.parts, provider, run),
  }
}
async function* octets(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}
const importing = async (...texts: string[]): Promise<ImportReport> => feed(octets(...texts), await door())

describe('a directory that is imported', () => {
  test('takes the place of the former one', async () => {
    expect(await importing(`${line('a')}\n${line('b')}\n`)).toMatchObject({ taken: 2, removed: 0, faulty: 0 })
    expect(await importing(`${line('b')}\r\n\n${line('c', { fullName: 'Başka' })}`)).toMatchObject({
      taken: 2,
      removed: 1,
      whole: true,
    })
    expect(await found()).toEqual([`b@${HS02}`])
    expect(await house.find('legal', { fullName: 'başka' })).toEqual([`c@${HS02}`])
  })

  test('leaves other providers alone', async () => {
    const theirs = line('a').replaceAll(HS02, 'hs020.kep.tr')
    expect(await feed(octets(theirs), await door('hs020.kep.tr'))).toMatchObject({ taken: 1 })
    expect(await importing(line('a'))).toMatchObject({ removed: 0 })
    expect(await found()).toEqual([`a@hs020.kep.tr`, `a@${HS02}`].sort())
  })

  test('a faulty line is named and nothing of it taken; what it told of before goes', async () => {
    await importing(`${line('a')}\n${line('b')}\n`)
    const report = await importing(`${line('a')}\n${line('b', { phone: '+90' })}\nx\n`)
    expect(report).toEqual({
      taken: 1,
      faulty: 2,
      faults: [
        { line: 2, reason: expect.stringContaining('phone') },
        { line: 3, reason: expect.any(String) },
      ],
      removed: 1,
      whole: true,
    })
    expect(await found()).toEqual([`a@${HS02}`])
  })

  test.each([
    ['cut off in a line', `${line('c')}\n${line('a').slice(0, 40)}`],
    ['empty', ''],
    ['of something else', '<html>\n</html>\n'],
  ])('a file that is %s takes nothing away', async (_, text) => {
    await importing(`${line('a')}\n`)
    expect(await importing(text)).toMatchObject({ removed: 0, whole: false })
    expect(await found()).toContain(`a@${HS02}`)
  })

  test('of two imports at once the one that began later holds', async () => {
    const first = await door()
    const lines = [{ number: 1, text: line('a'), ended: true }]
    expect(await first.take(lines)).toMatchObject({ taken: 1 })
    const second = await door()
    await expect(first.take(lines)).rejects.toMatchObject({ code: 'CHANGED_MEANWHILE' })
    await expect(first.end()).rejects.toMatchObject({ code: 'CHANGED_MEANWHILE' })
    expect(await second.end()).toBe(1)
  })

  test('ours is made of our accounts', async () => {
    await expect(beginImport(house.parts, 'hs98.kep.tr')).rejects.toMatchObject({ code: 'OWN_DOMAIN' })
  })

  test.each<[string, object, string]>([
    ['another provider', { address: 'a@hs03.kep.tr' }, 'not under'],
    ['our own', { address: 'a@hs98.kep.tr' }, 'not under'],
    ['a look-alike', { address: 'a@hs02.kep.tr.example.com' }, 'none of KEP'],
    ['no number', { identity: undefined }, 'identity'],
    ['a number that cannot be', { identity: { type: 'tckn', number: '10000000147' } }, 'identity'],
    ['no name', { fullName: undefined }, 'fullName'],
    ['names of a person', { givenNames: 'Ali' }, 'givenNames'],
    ['a person without names', { kind: 'natural', fullName: undefined }, 'givenNames, surname: missing'],
    ['a field that there is not', { consent: ['phone'] }, 'consent'],
    ['control characters', { province: 'a\u001b[2J' }, 'province'],
    ['a very long text', { province: 'x'.repeat(201) }, 'province'],
  ])('6.11, 6.12 an entry of %s is refused', async (_, over, reason) => {
    const report = await importing(line('a', over))
    expect(report).toMatchObject({ taken: 0, faulty: 1 })
    expect(report.faults[0]?.reason).toContain(reason)
  })

  test('what is exported can be imported, octet for octet', async () => {
    const full = line('a', {
      mainActivity: 'Yazılım',
      province: 'İzmir',
      representativeSurname: 'a\u009b\u202e',
    })
    await importing(full)
    const all = await Array.fromAsync(house.listings.listed(HS02, ''))
    const written = all.map(([, listing]) => lineOf(listing!))
    expect(JSON.parse(written[0]!)).toEqual(JSON.parse(full))
    expect(written[0]).not.toMatch(/[\u0080-\u009f\u202e]/)
    expect(await importing(written.join('\n'))).toMatchObject({ taken: 1, faulty: 0, removed: 0 })
  })
})

describe('sources of the configuration', () => {
  const setUp = () => {
    const folder = new TemporaryFolder()
    const told: unknown[] = []
    const recorded: string[] = []
    const sources = new ListingSources({
      ...house.parts,
      eventLog: { record: async ({ what }) => ({ id: `olay${recorded.push(what)}` }) },
      events: {
        directorySource: (provider, report) => void told.push([provider, report?.taken, report?.removed]),
        directorySourceFailed: (provider, error) =>
          void told.push([provider, (error as { code: string }).code]),
      },
    })
    return { folder, told, recorded, sources, source: { provider: HS02, file: folder.file('hs02.jsonl') } }
  }

  test('are read where they changed, keep what they told while they are away, and go when they are named no more', async () => {
    const { folder, told, recorded, sources, source } = setUp()
    using _ = folder
    writeFileSync(source.file, `${line('a')}\n${line('b')}\n`)
    await sources.read([source])
    await sources.read([source])
    writeFileSync(source.file, `${line('b')}\n`)
    await sources.read([source])
    await sources.read([{ ...source, file: folder.file('none') }])
    expect(await found()).toEqual([`b@${HS02}`])
    await sources.read([])
    expect(await found()).toEqual([])
    await sources.read([source])
    expect(told).toEqual([
      [HS02, 2, 0],
      [HS02, 1, 1],
      [HS02, 'ENOENT'],
      [HS02, undefined, undefined],
      [HS02, 1, 0],
    ])
    expect(recorded).toEqual([
      'directory source',
      'directory source',
      'directory source removed',
      'directory source',
    ])
  })

  test('one that fails holds up no other', async () => {
    const { folder, told, sources, source } = setUp()
    using _ = folder
    writeFileSync(source.file, line('a'))
    await sources.read([{ provider: 'hs98.kep.tr', file: source.file }, source])
    expect(told).toEqual([
      ['hs98.kep.tr', 'OWN_DOMAIN'],
      [HS02, 1, 0],
    ])
  })
})

test('6.15 of ours only active accounts leave, and of them only what may be seen', async () => {
  const legal = { kind: 'legal', identity: { type: 'registry', number: 'A-1' } } as const
  for (const [local, over] of [
    ['a', { ...legal, holder: 'Örnek' }],
    ['b', { ...legal, state: 'closed' }],
    ['c', {}],
  ] as const) {
    await putAccount(store, account(`${local}@hs98.kep.tr`, over))
    await house.listings.changeOwn((await house.accounts.get(`${local}@hs98.kep.tr`))!, (same) => same)
  }
  const all = await Array.fromAsync(house.listings.listed('hs98.kep.tr', ''))
  expect(all.map(([, listing]) => listing && lineOf(listing))).toEqual([
    '{"address":"a@hs98.kep.tr","kind":"legal","identity":{"type":"registry","number":"A-1"},"fullName":"Örnek"}',
    undefined,
    undefined,
  ])
})
