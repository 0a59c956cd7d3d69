/** Audit packs in memory, as somebody rewrites them: files put in and taken out, records invented, the list signed anew. */
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeEvidenceRecord } from '../../evidence/archive/evidence-record.ts'
import { nodeOf } from '../../evidence/archive/hash-tree.ts'
import { GENESIS, leafOf } from '../../evidence/archive/leaf.ts'
import { positionOf, readPosition, writePosition } from '../../evidence/archive/position.ts'
import { signDetached } from '../../evidence/cms/sign.ts'
import type { Signer, Timestamper } from '../../evidence/ports.ts'
import type { PackSource } from '../../evidence/verify/pack-files.ts'
import { ArchiveDesk, type PackSelection } from '../../server/archive/desk.ts'
import { packIn } from '../../server/archive/pack-folder.ts'
import { ValidationData } from '../../server/archive/validation-data.ts'
import type { ArchiveHouse } from './archive-house.ts'
import { TemporaryFolder } from './temporary-folder.ts'

export type PackFiles = Map<string, Uint8Array>

/** Validation data of all that is old enough. */
export const validate = (house: ArchiveHouse): Promise<unknown> =>
  new ValidationData({
    ...house.sealing,
    store: house.store,
    archive: house.archive.archives.validation,
    events: { validationData: () => {}, internalError: () => {} },
  }).round()

export const deskOf = (house: ArchiveHouse): ArchiveDesk =>
  new ArchiveDesk({ ...house.sealing, store: house.store, domain: 'hs98.kep.tr' })

export async function packOf(
  house: ArchiveHouse,
  selection: PackSelection = { kind: 'everything' },
): Promise<PackFiles> {
  using folder = new TemporaryFolder()
  const out = join(folder.path, 'pack')
  await deskOf(house).export(out, selection, () => {})
  const files: PackFiles = new Map()
  for (const name of await packIn(out).names()) files.set(name, await readFile(join(out, name)))
  return files
}

/** All but files whose names fit. */
export const without = (files: PackFiles, ...names: readonly RegExp[]): PackFiles =>
  new Map([...files].filter(([name]) => !names.some((one) => one.test(name))))

export const sourceOf = (files: ReadonlyMap<string, Uint8Array>): PackSource => ({
  read: async (name) => files.get(name),
  names: async () => [...files.keys()],
})

/** With a list of all that is there, signed and stamped by whom one likes. */
export async function listed(
  files: PackFiles,
  signer: Signer,
  timestamper: Timestamper,
  at: Date,
): Promise<PackFiles> {
  const kept = without(files, /^SHA512SUMS/)
  const names = [...kept.keys()].sort()
  const list = Buffer.from(
    names.map((name) => `${hash('sha512', kept.get(name)!, 'hex')}  ${name}\n`).join(''),
  )
  const digest = hash(signer.hash, list, 'buffer')
  const signature = await signDetached({ digest, signer, signingTime: at, timestamper })
  return kept.set('SHA512SUMS', list).set('SHA512SUMS.p7s', signature)
}

/** A record with a place and a stamp of its own, after the one before it where that is there. */
export async function put(
  files: PackFiles,
  name: string,
  octets: Uint8Array,
  timestamper: Timestamper,
): Promise<void> {
  const [, chain = '', number = ''] = /^(\w+)\/(\d+)\./.exec(name) ?? []
  const sequence = Number(number)
  const before = files.get(`${chain}/${String(sequence - 1).padStart(8, '0')}.position.txt`)
  const previous = (before && readPosition(before)?.leaf) ?? GENESIS
  const leaf = leafOf({ chain, sequence, algorithm: 'sha256', previous, octets })
  const position = writePosition(positionOf({ chain, sequence, previous, leaf: leaf.hash, octets }))
  const digests = [octets, position].map((one) => hash('sha256', one, 'buffer'))
  const { der: token } = await timestamper.stamp(nodeOf('sha256', digests), 'sha256')
  const chains = [[{ hash: 'sha256' as const, tree: undefined, token }]]
  files.set(name, octets)
  files.set(`${chain}/${number}.position.txt`, position)
  files.set(`${chain}/${number}.ers`, writeEvidenceRecord({ chains }))
}

/** Changes what `pack.json` says. */
export function say(files: PackFiles, changes: (index: Record<string, unknown>) => object): PackFiles {
  const index = JSON.parse(Buffer.from(files.get('pack.json')!).toString())
  return new Map(files).set('pack.json', Buffer.from(JSON.stringify({ ...index, ...changes(index) })))
}
