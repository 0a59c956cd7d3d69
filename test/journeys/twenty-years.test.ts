import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type HashName, type PackOptions, type PackSource, verifyAuditPack } from '../../evidence/index.ts'
import { ArchiveRenewal, DailySeal } from '../../server/archive/daily-seal.ts'
import { ArchiveDesk } from '../../server/archive/desk.ts'
import { packIn } from '../../server/archive/pack-folder.ts'
import { ValidationData } from '../../server/archive/validation-data.ts'
import { type ArchiveHouse, archiveHouse, issueIn } from '../fakes/archive-house.ts'
import { Authority } from '../fakes/stamping.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const DAY = 86_400_000
const BEGIN = new Date('2026-01-01T09:00:00Z')
const END = new Date('2046-01-01T09:00:00Z')
/** Between two looks at the archive: a seal each time, as if nothing happened on the days between. */
const STEP = 120 * DAY

/** What happens to a provider in twenty years, in order. */
const STORY: readonly [string, (house: ArchiveHouse) => void][] = [
  ['2029-06-01', rollOver], // the provider's own certificate, and again below
  ['2030-03-01', (house) => newAuthority(house, '2')], // the first TSA dies
  ['2030-05-01', (house) => void house.silent.add(house.authorities[1]!)],
  ['2033-06-01', rollOver],
  ['2034-02-01', (house) => newDigest(house, 'sha512')], // SHA-256 is about to be broken
  ['2034-09-01', newStamp],
  ['2037-06-01', rollOver],
  ['2038-01-01', (house) => newAuthority(house, '3')], // the second TSA dies
  ['2038-03-01', (house) => void house.silent.add(house.authorities[2]!)],
  ['2041-01-01', (house) => newDigest(house, 'sha384')],
  ['2041-06-01', rollOver],
  ['2042-09-01', newStamp],
]

function rollOver(house: ArchiveHouse): void {
  house.signer = house.authorities[0]!.signer('provider', house.clock.now(), 5)
}

function newDigest(house: ArchiveHouse, hash: HashName): void {
  house.hash = hash
}

function newStamp(house: ArchiveHouse): void {
  house.tsa = house.tsaRoot.signer('tsa', house.clock.now(), 5)
}

function newAuthority(house: ArchiveHouse, name: string): void {
  house.tsaRoot = new Authority(`Damga Kökü ${name}`, house.clock.now(), 20)
  house.authorities.push(house.tsaRoot)
  newStamp(house)
}

/** Every look: an evidence, its validation data two hours later, a seal, and renewals where they are due. */
async function live(house: ArchiveHouse): Promise<number> {
  const seals = new DailySeal(house.sealing)
  const renewal = new ArchiveRenewal(house.sealing)
  const validation = new ValidationData({
    ...house.sealing,
    store: house.store,
    archive: house.archive.archives.validation,
    events: { validationData: () => {}, internalError: () => {} },
  })
  const story = [...STORY]
  let issued = 0
  for (let at = BEGIN.getTime(); at < END.getTime(); at += STEP) {
    house.goTo(new Date(at))
    while (story[0] !== undefined && new Date(story[0][0]).getTime() <= at) story.shift()?.[1](house)
    await issueIn(house, `ev-${++issued}`)
    house.goTo(new Date(at + DAY / 12))
    await validation.round()
    await seals.round()
    await renewal.round()
  }
  return issued
}

test('twenty years: four changes of certificates, two of digests, two TSAs that die; everything is proved by the pack alone', {
  timeout: 180_000,
}, async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const provider = house.authorities[0]!
  const first = new Authority('Damga Kökü 1', BEGIN, 20)
  house.authorities.push(first)
  house.tsaRoot = first
  house.tsa = first.signer('tsa', BEGIN, 5)
  house.signer = provider.signer('provider', BEGIN, 5)
  const issued = await live(house)
  house.goTo(END)
  const { book } = house.archive
  expect(book.all.filter(({ kind }) => kind === 'rehash')).toHaveLength(2)
  expect(book.all.filter(({ kind }) => kind === 'renewal').length).toBeGreaterThanOrEqual(3)
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'paket')
  await new ArchiveDesk({ ...house.sealing, store: house.store, domain: 'hs98.kep.tr' }).export(
    out,
    { kind: 'everything' },
    () => {},
  )
  const options: PackOptions = {
    anchors: house.authorities.map(({ root }) => root),
    intermediates: [],
    crls: [],
    revocation: 'require',
    now: END,
    // Nobody believes these any more.
    outdated: { sha256: new Date('2036-01-01T00:00:00Z'), sha512: new Date('2043-01-01T00:00:00Z') },
  }
  const [pack, ...records] = await verifyAuditPack('paket', packIn(out), options)
  expect(records.filter(({ verdict }) => verdict !== 'TOTAL-PASSED')).toEqual([])
  expect(pack).toMatchObject({ verdict: 'TOTAL-PASSED', revocation: 'checked' })
  const evidence = records.filter(({ kind }) => kind === 'evidence')
  expect(evidence).toHaveLength(issued)
  expect(evidence[0]?.proof?.provedAt).toBe(new Date(BEGIN.getTime() + DAY / 12).toISOString())
  // Sealed by SHA-256, renewed by another certificate, digested by SHA-512, and by SHA-384.
  expect(new Set(evidence[0]?.proof?.stamps.map(({ hash }) => hash))).toEqual(
    new Set(['sha256', 'sha512', 'sha384']),
  )
  await nothingChangesUnseen(packIn(out), out, options)
})

/** Of each file that says something about the first and the last evidence, an octet here and there. */
async function nothingChangesUnseen(source: PackSource, folder: string, options: PackOptions): Promise<void> {
  const some = (await source.names()).filter((_, index) => index % 97 === 0)
  const unseen: string[] = []
  for (const name of some) {
    const whole = await readFile(join(folder, name))
    const changed = Buffer.from(whole)
    changed[Math.floor(Math.random() * whole.length)]! ^= 1 << Math.floor(Math.random() * 8)
    const flipped = { ...source, read: async (one: string) => (one === name ? changed : source.read(one)) }
    const [pack] = await verifyAuditPack('paket', flipped, options)
    if (pack?.verdict === 'TOTAL-PASSED' || !pack?.fields.detayMesaji.includes(name)) unseen.push(name)
  }
  expect(some.length).toBeGreaterThan(3)
  expect(unseen).toEqual([])
}
