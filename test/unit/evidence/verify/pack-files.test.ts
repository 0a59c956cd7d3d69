import { readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { verifyPack } from '../../../../evidence/verify/pack.ts'
import { readSums, SUMS, writeSums } from '../../../../evidence/verify/pack-files.ts'
import { AuditPack, type PackParts } from '../../../../server/archive/audit-pack.ts'
import { packIn } from '../../../../server/archive/pack-folder.ts'
import { archiveHouse } from '../../../fakes/archive-house.ts'
import { deskOf, listed } from '../../../fakes/audit-pack.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const BEGIN = new Date('2026-11-22T09:00:00Z')
const sum = 'a'.repeat(128)
const line = (name: string) => Buffer.from(`${sum}  ${name}\n`)

test('a list of half a million files is written, lies in a folder, and is read', async () => {
  const files = new Map<string, string>()
  for (let number = 1; number <= 450_000; number++)
    files.set(`evidence/${String(number).padStart(8, '0')}.position.txt`, sum)
  using folder = new TemporaryFolder()
  await writeFile(folder.file(SUMS), writeSums(files))
  const list = await packIn(folder.path).read(SUMS)
  expect(list?.length).toBeGreaterThan(64 * 1024 * 1024)
  expect(readSums(list!)?.size).toBe(files.size)
})

test.each<[string, Buffer]>([
  ['a name longer than any file’s', line('x'.repeat(101))],
  ['a folder’s', line(`${'x'.repeat(33)}/y`)],
  ['five thousand characters', line('x'.repeat(5_000))],
  ['two folders', line('a/b/c')],
  ['a way out', line('../x')],
  ['nothing after it', Buffer.from(`${sum}  x`)],
  ['one file twice', Buffer.concat([line('x'), line('x')])],
  ['an empty line', Buffer.concat([line('x'), Buffer.from('\n')])],
  ['nothing', Buffer.alloc(0)],
])('%s is no list', (_name, list) => {
  expect(readSums(list)).toBeUndefined()
})

test('a name that no folder can have is no file', async () => {
  using folder = new TemporaryFolder()
  expect(await packIn(folder.path).read(`${'x'.repeat(300)}`)).toBeUndefined()
})

test('a file that is too large for a pack is told to be that, and is not missing', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  using folder = new TemporaryFolder()
  const made = await listed(
    new Map([['material.crl', Buffer.from('x')]]),
    house.signer,
    house.sealing.timestamper,
    house.clock.now(),
  )
  for (const [name, octets] of made) await writeFile(join(folder.path, name), octets)
  await truncate(folder.file('material.crl'), 64 * 1024 * 1024 + 1)
  const { findings } = await verifyPack(packIn(folder.path), {
    anchors: [house.tsaRoot.root],
    intermediates: [],
    crls: [],
    revocation: 'if-present',
    now: BEGIN,
  })
  expect(findings).toContainEqual(
    expect.objectContaining({ reason: 'PACK_FILE_TOO_LARGE', detail: 'material.crl' }),
  )
  expect(findings.map(({ reason }) => reason)).not.toContain('PACK_FILE_MISSING')
})

test('who writes a pack keeps to what can be read', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const written: string[] = []
  const parts: PackParts = { ...house.sealing, store: house.store, domain: 'hs98.kep.tr' }
  const pack = new AuditPack(parts, { write: async (name) => void written.push(name) })
  const entry = {
    seq: 1,
    eventId: 'e',
    prev: new Uint8Array(0),
    hash: new Uint8Array(32),
    sha512: new Uint8Array(64),
    bytes: Buffer.alloc(64 * 1024 * 1024 + 1),
    intake: undefined,
    meta: '{}',
    at: 0,
    keepUntil: 0,
  }
  await expect(pack.addEntry('rechecks', entry)).rejects.toMatchObject({ name: 'PackTooLarge' })
  expect(written).toEqual([])
})

test('nothing is no pack', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  using folder = new TemporaryFolder()
  for (const selection of [
    { kind: 'everything' },
    { kind: 'evidence', from: 0 },
    { kind: 'messages', intakes: ['x'] },
    { kind: 'event', id: 'x' },
  ] as const)
    await expect(deskOf(house).export(folder.file('p'), selection, () => {})).rejects.toMatchObject({
      name: 'NothingToExport',
    })
})

test('a message of which the archive has no evidence is named, and leaves no pack', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  using folder = new TemporaryFolder()
  const at = BEGIN.getTime()
  await house.archive.archives.evidence.append({
    eventId: 'delil-1',
    bytes: Buffer.from('<x/>'),
    intake: 'kabul-1',
    meta: '{}',
    parties: [],
    at,
    keepUntil: at,
  })
  const selection = { kind: 'messages', intakes: ['kabul-1', 'yok-1', 'yok-2'] } as const
  await expect(deskOf(house).export(folder.file('p'), selection, () => {})).rejects.toThrow(
    'no evidence of yok-1, yok-2',
  )
  expect(await readdir(folder.path)).toEqual([])
})
