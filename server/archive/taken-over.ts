import { createHash } from 'node:crypto'
import { z } from 'zod'
import {
  INDEX,
  PackFileTooLarge,
  type PackSource,
  readIndex,
  readSums,
  SUMS,
  SUMS_SIGNATURE,
} from '../../evidence/index.ts'
import { type Store, StoreError } from '../../storage/port.ts'
import { stageBytes } from '../stage-bytes.ts'
import type { PackFolder } from './audit-pack.ts'

/** Why a pack is not taken; nothing is recorded then. */
export class PackRefused extends Error {
  override readonly name = 'PackRefused'
}

/**
 * The archive of another provider that this one keeps from now on: its files by name, and in the log of events the digests of
 * their signed list, which the seals of this archive prove and renew like everything else.
 */
export interface TakenOver {
  /** Digests of the list of files, hex. */
  readonly sums: { readonly sha256: string; readonly sha512: string }
  readonly files: number
  readonly octets: number
  /** Where each file lies. */
  readonly index: { readonly hash: string; readonly size: number }
}

const indexSchema = z.array(z.object({ name: z.string(), hash: z.string(), size: z.number() }))

/**
 * Keeps every file of a pack that is what its list says, octet for octet. Rejects with PackRefused at the first that is not;
 * what was kept until then nobody names.
 *
 * @param list SHA-256 of the list that was verified, hex: another list that lies there meanwhile is not
 */
export async function keepPack(
  store: Pick<Store, 'blobs'>,
  given: PackSource,
  { provider, list: verified }: { readonly provider: string; readonly list: string },
  progress: (state: { readonly done: number; readonly of: number | undefined }) => void,
): Promise<TakenOver> {
  const source = refusing(given)
  const list = await source.read(SUMS)
  const sums = list && readSums(list)
  if (list === undefined || sums === undefined) throw new PackRefused(`${SUMS}: no list of files`)
  if (createHash('sha256').update(list).digest('hex') !== verified)
    throw new PackRefused(`${SUMS}: not the list that was verified`)
  await refuseOther(source, provider)
  const index: z.output<typeof indexSchema> = []
  let octets = 0
  for (const name of [...sums.keys(), SUMS, SUMS_SIGNATURE]) {
    const file = await source.read(name)
    if (file === undefined) throw new PackRefused(`${name}: missing`)
    const sum = sums.get(name)
    if (sum !== undefined && createHash('sha512').update(file).digest('hex') !== sum)
      throw new PackRefused(`${name}: not the octets that were listed`)
    const ref = await store.blobs.save(await stageBytes(store, file), 'archive')
    index.push({ name, ...ref })
    octets += file.length
    progress({ done: index.length, of: sums.size + 2 })
  }
  const kept = await store.blobs.save(await stageBytes(store, Buffer.from(JSON.stringify(index))), 'archive')
  const digest = (name: string): string => createHash(name).update(list).digest('hex')
  return {
    sums: { sha256: digest('sha256'), sha512: digest('sha512') },
    files: index.length,
    octets,
    index: kept,
  }
}

/** What is too large for a pack is not kept. */
const refusing = (source: PackSource): Pick<PackSource, 'read'> => ({
  read: async (name) => {
    try {
      return await source.read(name)
    } catch (error) {
      if (error instanceof PackFileTooLarge) throw new PackRefused(`${name}: larger than files of a pack`)
      throw error
    }
  },
})

/** A pack about some messages is no archive, and one provider's is not another's. */
async function refuseOther(source: Pick<PackSource, 'read'>, provider: string): Promise<void> {
  const index = readIndex(await source.read(INDEX))
  if (index?.selection.kind !== 'everything')
    throw new PackRefused(`${INDEX}: does not say that the pack holds a whole archive`)
  if (index.provider !== provider)
    throw new PackRefused(`${INDEX}: the archive of ${index.provider}, not of ${provider}`)
}

/** The files as they came. */
export async function writeTakenOver(
  store: Pick<Store, 'blobs'>,
  { index }: Pick<TakenOver, 'index'>,
  folder: PackFolder,
): Promise<number> {
  const files = indexSchema.parse(JSON.parse(Buffer.from(await store.blobs.read(index)).toString()))
  for (const { name, hash, size } of files) {
    const octets = await store.blobs.read({ hash, size })
    if (octets.length !== size) throw new StoreError('CORRUPT', `${name} has another size`)
    await folder.write(name, octets)
  }
  return files.length
}

/** What the record in the log of events says of it. */
export const takenOverSchema = z.object({
  provider: z.string(),
  signer: z.string(),
  sums: z.object({ sha256: z.string(), sha512: z.string() }),
  files: z.number(),
  octets: z.number(),
  index: z.object({ hash: z.string(), size: z.number() }),
})
