import { hash } from 'node:crypto'
import { cp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import {
  type FileReport,
  GENESIS,
  KeyError,
  leafOf,
  type PackOptions,
  positionOf,
  type Signer,
  signDetached,
  TimestampError,
  type Timestamper,
  verifyAuditPack,
  writePosition,
  writeSums,
} from '../../../../evidence/index.ts'
import { signEvidence } from '../../../../evidence/xades/sign.ts'
import { ArchiveDesk } from '../../../../server/archive/desk.ts'
import { FolderLeft, packIn } from '../../../../server/archive/pack-folder.ts'
import { type ArchiveHouse, archiveHouse, issueIn } from '../../../fakes/archive-house.ts'
import { deskOf, validate } from '../../../fakes/audit-pack.ts'
import { checkedDraft } from '../../../fakes/evidence.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const HOUR = 3_600_000
const BEGIN = new Date('2026-11-22T09:00:00Z')
const later = (hours: number) => new Date(BEGIN.getTime() + hours * HOUR)

/** Some evidence, sealed and with validation data, of which one day is old enough for it. */
async function filled(): Promise<ArchiveHouse> {
  const house = await archiveHouse(BEGIN)
  for (const n of [1, 2, 3]) await issueIn(house, `ev-${n}`)
  await house.eventLog.record({ what: 'started', by: { system: true } })
  house.goTo(later(2))
  await validate(house)
  const desk = deskOf(house)
  await desk.seal()
  house.goTo(later(30))
  await issueIn(house, 'ev-4')
  await desk.seal()
  await issueIn(house, 'ev-5')
  return house
}

const verify = (
  folder: string,
  house: ArchiveHouse,
  options: Partial<PackOptions> = {},
): Promise<FileReport[]> =>
  verifyAuditPack('pack', packIn(folder), {
    anchors: house.authorities.map(({ root }) => root),
    intermediates: [],
    crls: [],
    revocation: 'require',
    now: house.clock.now(),
    ...options,
  })

test('a pack of everything verifies with the roots alone, and shows that nothing is missing in it', async () => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  const report = await deskOf(house).export(out, { kind: 'everything' }, () => {})
  expect(report).toMatchObject({ evidence: 5 })
  const [pack, ...records] = await verify(out, house)
  expect(pack).toMatchObject({ kind: 'audit-pack', verdict: 'TOTAL-PASSED', revocation: 'checked' })
  const of = (name: string) => records.find(({ file }) => file === name)
  expect(of('evidence/00000001.xml')).toMatchObject({
    kind: 'evidence',
    verdict: 'TOTAL-PASSED',
    proof: { provedAt: later(2).toISOString(), stamps: [{ hash: 'sha256' }] },
    fields: { delilId: 'ev-1' },
  })
  // The export seals what is there; the last seal is covered by none yet, and needs none.
  expect(report.unsealed).toBe(0)
  expect(of('seals/00000003.json')).toMatchObject({ proof: { provedAt: undefined, stamps: [] } })
  expect(pack?.ranges).toEqual([
    { chain: 'events', from: 1, upTo: 1 },
    { chain: 'evidence', from: 1, upTo: 5 },
    { chain: 'seals', from: 1, upTo: 3 },
    { chain: 'validation', from: 1, upTo: 1 },
  ])
  expect(of('events/00000001.json')).toMatchObject({ kind: 'record', verdict: 'TOTAL-PASSED' })
  const readme = await readFile(join(out, 'README.txt'), 'utf8')
  expect(readme).toContain('kepctl verify BU-KLASÖR')
  await expect(deskOf(house).export(out, { kind: 'everything' }, () => {})).rejects.toMatchObject({
    code: 'EEXIST',
  })
})

const away = () => Promise.reject(new TimestampError('HTTP_STATUS', '503'))

/** Whose TSA and key fail as a test says. */
const failing = (house: ArchiveHouse, parts: Partial<ArchiveHouse['sealing']>): ArchiveDesk =>
  new ArchiveDesk({ ...house.sealing, ...parts, store: house.store, domain: 'hs98.kep.tr' })

test('an export that fails leaves no folder behind, and the next one may have its name', async () => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  const everything = { kind: 'everything' } as const
  const noTsa = failing(house, { timestamper: { stamp: away } })
  await expect(noTsa.export(out, everything, () => {})).rejects.toMatchObject({ code: 'HTTP_STATUS' })
  expect(await readdir(folder.path)).toEqual([])
  // The key of the seal is there, that of the list is not any more.
  let signatures = 0
  const signer = () => {
    if (signatures++ > 0) throw new KeyError('TOKEN_GONE', 'CKR_DEVICE_REMOVED')
    return house.signer
  }
  await expect(failing(house, { signer }).export(out, everything, () => {})).rejects.toThrow('TOKEN_GONE')
  expect(await readdir(folder.path)).toEqual([])
  expect(await deskOf(house).export(out, everything, () => {})).toMatchObject({ evidence: 5 })
  expect((await verify(out, house))[0]).toMatchObject({ verdict: 'TOTAL-PASSED' })
})

test('an export that fails takes away nothing that it did not make', async () => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  const everything = { kind: 'everything' } as const
  let isFull = false
  const stamp = async () => {
    if (isFull) await writeFile(join(out, 'evidence', 'baska.txt'), 'kalsin')
    return away()
  }
  const desk = failing(house, { timestamper: { stamp } })
  const left = await desk
    .export(out, everything, () => {
      isFull = true
    })
    .catch((error: unknown) => error)
  expect(left).toBeInstanceOf(FolderLeft)
  expect(left).toMatchObject({ message: out, cause: { code: 'HTTP_STATUS' } })
  expect(await packIn(out).names()).toEqual(['evidence/baska.txt'])
  await expect(desk.export(out, everything, () => {})).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(join(out, 'evidence', 'baska.txt'), 'utf8')).toBe('kalsin')
})

test('what could not be sealed goes out all the same where a TSA answers again for the list', async () => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  let isAway = true
  const stamp: Timestamper['stamp'] = (...query) =>
    isAway ? away() : house.sealing.timestamper.stamp(...query)
  const report = await failing(house, { timestamper: { stamp } }).export(
    out,
    { kind: 'evidence', from: later(29).getTime() },
    () => {
      isAway = false
    },
  )
  expect(report).toMatchObject({ evidence: 2, unsealed: 1 })
  expect((await verify(out, house))[0]).toMatchObject({
    verdict: 'INDETERMINATE',
    findings: [{ reason: 'PACK_NOT_SEALED', detail: 'evidence/00000005.xml' }],
  })
})

test('a pack of some evidence holds nothing of other messages', async () => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  await deskOf(house).export(out, { kind: 'evidence', from: later(29).getTime() }, () => {})
  expect((await readdir(join(out, 'evidence'))).sort()).toEqual([
    '00000004.ers',
    '00000004.position.txt',
    '00000004.xml',
    '00000005.ers',
    '00000005.position.txt',
    '00000005.xml',
  ])
  const [pack] = await verify(out, house)
  expect(pack).toMatchObject({ verdict: 'TOTAL-PASSED' })
})

test('a single octet changed anywhere in any file is found, and the file is named', async () => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  await deskOf(house).export(out, { kind: 'everything' }, () => {})
  const source = packIn(out)
  const names = await source.names()
  expect(names.length).toBeGreaterThan(30)
  const unseen: string[] = []
  for (const name of names) {
    const whole = await readFile(join(out, name))
    const at = Math.floor(whole.length / 2)
    const changed = Buffer.from(whole)
    changed[at]! ^= 1
    const flipped = {
      ...source,
      read: async (one: string) => (one === name ? changed : source.read(one)),
    }
    const [pack] = await verifyAuditPack('pack', flipped, {
      anchors: house.authorities.map(({ root }) => root),
      intermediates: [],
      crls: [],
      revocation: 'if-present',
      now: house.clock.now(),
    })
    const named = `${pack?.fields.detayMesaji}`.includes(name.replace(/\.p7s$/, ''))
    if (pack?.verdict !== 'TOTAL-FAILED' || (!named && !name.startsWith('SHA512SUMS'))) unseen.push(name)
  }
  expect(unseen).toEqual([])
})

test.each<[string, (folder: string) => Promise<unknown>, RegExp]>([
  [
    'a file removed',
    (folder) => rm(join(folder, 'evidence/00000002.xml')),
    /pakette yok.* evidence\/00000002\.xml$/,
  ],
  [
    'a file added',
    (folder) => writeFile(join(folder, 'evidence/00000009.xml'), '<x/>'),
    /listede olmayan.*00000009\.xml$/,
  ],
  [
    'a file deeper down',
    (folder) => cp(join(folder, 'heads'), join(folder, 'a/b'), { recursive: true }),
    /a\/b\//,
  ],
  ['the list removed', (folder) => rm(join(folder, 'SHA512SUMS')), /listesi okunamıyor.* SHA512SUMS$/],
])('%s is found', async (_name, change, told) => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  await deskOf(house).export(out, { kind: 'everything' }, () => {})
  await change(out)
  const [pack] = await verify(out, house)
  expect(pack).toMatchObject({ verdict: 'TOTAL-FAILED' })
  expect(pack?.fields.detayMesaji).toMatch(told)
})

test('a pack is the same however its folder is spelled; a link in it is no file of it', async () => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  await deskOf(house).export(out, { kind: 'everything' }, () => {})
  for (const spelled of [
    `${folder.path}/./pack/`,
    `${folder.path}/pack/../pack`,
    relative(process.cwd(), out),
  ])
    expect((await verify(spelled, house))[0]).toMatchObject({ verdict: 'TOTAL-PASSED' })
  const file = join(out, 'evidence/00000001.xml')
  await rename(file, join(folder.path, 'elsewhere.xml'))
  await symlink(join(folder.path, 'elsewhere.xml'), file)
  expect((await verify(out, house))[0]).toMatchObject({ verdict: 'TOTAL-FAILED' })
})

/** Makes a new list of what lies there, signed by somebody. */
async function listAnew(folder: string, house: ArchiveHouse, signer: Signer): Promise<void> {
  const source = packIn(folder)
  const sums = new Map<string, string>()
  for (const name of await source.names())
    if (!name.startsWith('SHA512SUMS')) sums.set(name, hash('sha512', (await source.read(name))!, 'hex'))
  const list = Buffer.concat([...writeSums(sums)])
  await writeFile(join(folder, 'SHA512SUMS'), list)
  const { timestamper, clock } = house.sealing
  const digest = hash(signer.hash, list, 'buffer')
  await writeFile(
    join(folder, 'SHA512SUMS.p7s'),
    await signDetached({ digest, signer, signingTime: clock.now(), timestamper }),
  )
}

test.each<[string, (folder: string) => Promise<unknown>, object, RegExp]>([
  [
    'a record left out of a pack that says it holds everything',
    async (folder) => {
      for (const ending of ['xml', 'position.txt', 'ers'])
        await rm(join(folder, `evidence/00000002.${ending}`))
    },
    { verdict: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' },
    /eksik olan var.* evidence: 4 of 5$/,
  ],
  [
    'what proves a record of events',
    async (folder) => rm(join(folder, 'events/00000001.ers')),
    { verdict: 'INDETERMINATE', subIndication: 'NO_POE' },
    /mühürlenmemiş.*events\/00000001\.json$/,
  ],
  [
    'another record of events, with a place of its own',
    async (folder) => {
      const octets = Buffer.from('{"what":"login","by":{"person":"nobody"}}')
      const leaf = leafOf({ chain: 'events', sequence: 1, algorithm: 'sha256', previous: GENESIS, octets })
      const at = { chain: 'events', sequence: 1, previous: GENESIS, leaf: leaf.hash, octets }
      await writeFile(join(folder, 'events/00000001.json'), octets)
      await writeFile(join(folder, 'events/00000001.position.txt'), writePosition(positionOf(at)))
    },
    { verdict: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' },
    /events\/00000001/,
  ],
])('who signs the list anew, even the provider, cannot change %s', async (_name, change, verdict, told) => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  await deskOf(house).export(out, { kind: 'everything' }, () => {})
  await change(out)
  await listAnew(out, house, house.signer)
  const [pack] = await verify(out, house)
  expect(pack).toMatchObject(verdict)
  expect(pack?.fields.detayMesaji).toMatch(told)
})

test('a list that somebody else signed, whom the same roots vouch for, is not the provider’s', async () => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  await deskOf(house).export(out, { kind: 'everything' }, () => {})
  await listAnew(out, house, house.tsaRoot.signer('other', house.clock.now(), 1))
  const [pack] = await verify(out, house)
  expect(pack).toMatchObject({ verdict: 'INDETERMINATE', reason: 'PACK_LIST_SIGNER' })
})

test.each([
  ['superseded', 4, { verdict: 'TOTAL-PASSED' }],
  ['compromised', 1, { subIndication: 'REVOKED_NO_POE', reason: 'CERTIFICATE_REVOKED_NO_PROOF' }],
  ['for no reason that was told', undefined, { verdict: 'INDETERMINATE', subIndication: 'REVOKED_NO_POE' }],
])('a TSA that was revoked before its seals were renewed, %s', async (_name, reason, verdict) => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  house.goTo(later(40))
  house.tsaRoot.revoke(house.tsa.certificate, later(40), reason)
  house.tsa = house.tsaRoot.signer('tsa', house.clock.now(), 5)
  house.goTo(later(50))
  await deskOf(house).renew(true)
  const out = join(folder.path, 'pack')
  await deskOf(house).export(out, { kind: 'everything' }, () => {})
  expect((await verify(out, house))[0]).toMatchObject(verdict)
})

test('what a peer issued lies in the chain under its own name', async () => {
  const house = await filled()
  await using _store = house.store
  using folder = new TemporaryFolder()
  const peer = house.tsaRoot.signer('other', house.clock.now(), 1)
  const eventTime = house.clock.now().toISOString()
  const issuer = { names: ['Başka KEPHS'], language: 'tr', addresses: ['kep@hs99.kep.tr'] }
  const draft = checkedDraft(Buffer.from('p'), { id: 'theirs-1', eventTime, issuer })
  const octets = await signEvidence(draft, peer, house.sealing.timestamper, house.clock.now())
  await house.append('evidence', 'hs99.kep.tr/theirs-1', octets)
  const out = join(folder.path, 'pack')
  await deskOf(house).export(out, { kind: 'everything' }, () => {})
  const [pack, ...records] = await verify(out, house)
  expect(pack).toMatchObject({ verdict: 'TOTAL-PASSED' })
  expect(records.find(({ file }) => file === 'evidence/00000006.xml')).toMatchObject({
    statedIssuer: 'Başka KEPHS, kep@hs99.kep.tr',
  })
  // Under the name of whose archive it is it would be somebody else's.
  await house.append('evidence', 'theirs-2', await foreign(house, peer))
  await deskOf(house).export(join(folder.path, 'second'), { kind: 'everything' }, () => {})
  expect((await verify(join(folder.path, 'second'), house))[0]).toMatchObject({
    verdict: 'INDETERMINATE',
    reason: 'PACK_ISSUER',
  })
})

async function foreign(house: ArchiveHouse, peer: Signer): Promise<Uint8Array> {
  const eventTime = house.clock.now().toISOString()
  const draft = checkedDraft(Buffer.from('q'), { id: 'theirs-2', eventTime })
  return signEvidence(draft, peer, house.sealing.timestamper, house.clock.now())
}

test('evidence of a time leaves out what was archived between and happened at another', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  using folder = new TemporaryFolder()
  for (const [hours, id] of [
    [0, 'ev-1'],
    [3, 'ev-2'],
    [1, 'ev-3'],
    [4, 'ev-4'],
    [5, 'ev-5'],
    [1.2, 'ev-6'],
    [6, 'ev-7'],
    [7, 'ev-8'],
  ] as const) {
    house.goTo(later(hours))
    await issueIn(house, id)
  }
  house.goTo(later(8))
  const out = join(folder.path, 'pack')
  const times = { from: later(0.5).getTime(), to: later(2).getTime() }
  await deskOf(house).export(out, { kind: 'evidence', ...times }, () => {})
  const { leftOut, records } = JSON.parse(await readFile(join(out, 'pack.json'), 'utf8'))
  const at = (hours: number) => later(hours).getTime()
  expect(records).toMatchObject({ evidence: 2 })
  expect(leftOut).toEqual([
    { from: 2, upTo: 2, earliest: at(3), latest: at(3) },
    { from: 4, upTo: 5, earliest: at(4), latest: at(5) },
    { from: 7, upTo: 7, earliest: at(6), latest: at(6) },
  ])
  expect((await verify(out, house))[0]).toMatchObject({ verdict: 'TOTAL-PASSED' })
})
