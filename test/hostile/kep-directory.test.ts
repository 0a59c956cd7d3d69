/** Whoever asks the directory, or sends one, may send anything: nothing is shown that may not be, and memory stays bounded. */
import { createReadStream, openSync, writeSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { feed } from '../../server/listings/feed.ts'
import { beginImport, endImport, takeLines } from '../../server/listings/import.ts'
import { linesOf, MAX_LINE_OCTETS } from '../../server/listings/lines.ts'
import { perform } from '../../server/ops/operations/catalog.ts'
import type { OperationParts } from '../../server/ops/operations/operation.ts'
import type { Store } from '../../storage/port.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { account, counted, directoryHouse, putAccount } from '../fakes/directory-house.ts'
import { houseOf } from '../fakes/house.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const HS02 = 'hs02.kep.tr'
const stack = new AsyncDisposableStack()
const folder = stack.use(new TemporaryFolder())
let store: Store
let reads: () => number
let parts: OperationParts
let house: ReturnType<typeof directoryHouse>

beforeAll(async () => {
  const seen = counted(stack.use(await openSqliteStore(folder.path, Date.now())))
  store = seen.store
  reads = seen.reads
  house = directoryHouse(store)
  parts = {
    ...(await houseOf(store)),
    directory: house.accounts,
    listings: house.listings,
    defaultQuota: 1,
  }
  await putAccount(store, account('ali.veli@hs98.kep.tr'))
  await house.listings.changeOwn((await house.accounts.get('ali.veli@hs98.kep.tr'))!, (listing) => ({
    ...listing,
    listed: true,
    consent: ['title'],
    fields: { ...listing.fields, title: 'Avukat' },
  }))
})
afterAll(() => stack.disposeAsync())

const search = (criteria: unknown) => perform(parts, 'directory search', { criteria }, () => {})
const title = (text: string) => search({ group: 'natural', title: text })

test('what is looked for here is found when it is asked for as people do', async () => {
  expect(await title('avukat')).toMatchObject({ listings: [{ address: 'ali.veli@hs98.kep.tr' }] })
})

describe('criteria', () => {
  test.each<[string, unknown]>([
    ['a text of a megabyte', { group: 'natural', title: 'avukat '.repeat(150_000) }],
    ['wildcards alone', { group: 'natural', title: '%*_?' }],
    ['nothing', { group: 'natural', title: '' }],
    ['control characters', { group: 'natural', title: 'avukat\u0000' }],
    ['a line end', { group: 'natural', title: 'avukat\r\n' }],
    ['half a character', { group: 'natural', title: '\ud800' }],
    ['a number with wildcards', { group: 'natural', identityNumber: '1*' }],
    ['a path in a number', { group: 'natural', identityNumber: '../entry' }],
    ['__proto__', JSON.parse('{"group":"natural","__proto__":{"title":"avukat"}}')],
    ['constructor', { group: 'natural', constructor: 'avukat' }],
    ['a group of Object.prototype', { group: '__proto__', title: 'avukat' }],
    ['a field that is searched by nobody', { group: 'natural', title: 'avukat', publicKey: 'x' }],
    ['a list', { group: 'natural', title: ['avukat'] }],
    ['a condition', { group: 'natural', title: { $ne: '' } }],
    ['no criteria', { group: 'natural' }],
  ])('%s: refused before anything is read', async (_, criteria) => {
    const before = reads()
    await expect(search(criteria)).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' })
    expect(reads() - before).toBe(0)
  })

  test.each(['a%', 'avuka*', 'avuka_', "avukat' OR 1=1 --", 'avukat/ali', 'title/avukat', 'hasOwnProperty'])(
    'the words of %j are looked for whole',
    async (text) => {
      expect(await title(text)).toEqual({ listings: [] })
    },
  )

  test('as many different words as a criterion holds are few reads', async () => {
    const words = Array.from({ length: 64 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join(' ')
    const before = reads()
    await title(words)
    expect(reads() - before).toBeLessThanOrEqual(10)
  })
})

describe('a file of another provider', () => {
  const importing = async (octets: AsyncIterable<Uint8Array>) => {
    const run = await beginImport(house.parts, HS02)
    return feed(octets, {
      take: (lines) => takeLines(house.parts, HS02, run, lines),
      end: () => endImport(house.parts, HS02, run),
    })
  }
  const good = (local: string) =>
    JSON.stringify({
      address: `${local}@${HS02}`,
      kind: 'legal',
      identity: { type: 'registry', number: '1' },
      fullName: 'Dosyadaki',
    })
  async function* octets(...texts: (string | Buffer)[]): AsyncGenerator<Buffer> {
    for (const text of texts) yield Buffer.from(text as string)
  }
  const there = () => house.find('legal', { fullName: 'dosyadaki' })

  test('with a line of 10 MB: it is named, and the next ones are taken', async () => {
    const path = folder.file('large.jsonl')
    const file = openSync(path, 'w')
    writeSync(file, `${good('a')}\n{"address":"`)
    for (let megabyte = 0; megabyte < 10; megabyte++) writeSync(file, Buffer.alloc(1_000_000, 0x78))
    writeSync(file, `"}\n${good('b')}\n`)
    const report = await importing(createReadStream(path))
    expect(report).toMatchObject({ taken: 2, faulty: 1, faults: [{ line: 2 }], whole: true })
    expect(await there()).toEqual([`a@${HS02}`, `b@${HS02}`])
  })

  test('no more of a line is held than the longest may have', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      for (let piece = 0; piece < 2000; piece++) yield Buffer.alloc(65_536, 0x78)
      yield Buffer.from('\nx\n')
    }
    const lines = await Array.fromAsync(linesOf(endless()))
    expect(lines.map(({ number, text }) => [number, text])).toEqual([
      [1, undefined],
      [2, 'x'],
    ])
    expect(await Array.fromAsync(linesOf(octets('y'.repeat(MAX_LINE_OCTETS))))).toHaveLength(1)
  })

  test('that speaks of our accounts changes nothing of them', async () => {
    const ours = good('a').replace(`a@${HS02}`, 'ali.veli@hs98.kep.tr')
    const report = await importing(octets(`${ours}\n${good('c')}\n`))
    expect(report).toMatchObject({ taken: 1, faulty: 1 })
    expect(await title('avukat')).toMatchObject({ listings: [{ address: 'ali.veli@hs98.kep.tr' }] })
    expect(await there()).toEqual([`c@${HS02}`])
  })

  test.each<[string, string | Buffer]>([
    ['octets that are no text', Buffer.from([0xff, 0xfe, 0x7b])],
    ['__proto__', good('d').replace('{', '{"__proto__":{"kind":"legal"},')],
    ['deep nesting', '['.repeat(20_000)],
    ['an address with a slash', good('a/../entry')],
    ['a terminal that is told things', good('d').replace('Dosyadaki', '\\u001b[2J')],
    ['null', 'null'],
  ])('with %s: named, told without what stands there, and the rest is taken', async (_, text) => {
    const report = await importing(octets(text, `\n${good('z')}\n`))
    expect(report).toMatchObject({ taken: 1, faulty: 1 })
    expect(JSON.stringify(report.faults)).not.toContain('u001b')
    expect(await there()).toContain(`z@${HS02}`)
    expect(await title('avukat')).toMatchObject({ listings: { length: 1 } })
  })

  test('with a lawful slash in an address, which stays within its keys', async () => {
    expect(await importing(octets(`${good('z')}\n${good('z/dosyadaki')}\n`))).toMatchObject({ taken: 2 })
    expect(await there()).toEqual([`z/dosyadaki@${HS02}`, `z@${HS02}`])
    expect(await importing(octets(`${good('z')}\n`))).toMatchObject({ removed: 1 })
    expect(await there()).toEqual([`z@${HS02}`])
  })

  test('of nothing but faults is told of a hundred', async () => {
    const report = await importing(octets('x\n'.repeat(5000)))
    expect(report).toMatchObject({ taken: 0, faulty: 5000, removed: 0, whole: false })
    expect(report.faults).toHaveLength(100)
  })
})
