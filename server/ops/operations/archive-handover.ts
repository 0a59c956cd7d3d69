import { join } from 'node:path'
import { z } from 'zod'
import type { PackReport } from '../../archive/audit-pack.ts'
import { newPackFolder, packIn } from '../../archive/pack-folder.ts'
import {
  keepPack,
  PackRefused,
  type TakenOver,
  takenOverSchema,
  writeTakenOver,
} from '../../archive/taken-over.ts'
import { asFolderRefusal } from './folder-refusal.ts'
import { change, OperationError, type OperationParts } from './operation.ts'
import { folderSchema } from './schemas.ts'

/** What the log calls it; by this name an archive that was taken over is found again. */
const TAKEN_OVER = 'archive taken over'

const providerSchema = z
  .string()
  .max(253)
  .regex(/^[a-z0-9][a-z0-9.-]*$/)

function hereOf({ archiveDesk, exportPack }: OperationParts) {
  if (archiveDesk === undefined)
    throw new OperationError('NO_DAEMON', 'the archive is sealed with keys that only a running kepd has')
  if (exportPack === undefined)
    throw new OperationError('NOT_HERE', 'folders are read and written on the machine itself: kepctl')
  return { archiveDesk, exportPack }
}

/** Everything that the archive holds for the provider that keeps it from now on (devir); sealed before, so that all is proved. */
export const archiveHandover = change(
  'archive handover',
  z.strictObject({ folder: folderSchema, to: providerSchema }),
  ({ folder, to }) => ({ details: { folder, to } }),
  async (parts, { folder, to }, progress): Promise<PackReport> => {
    const { archiveDesk, exportPack } = hereOf(parts)
    await archiveDesk.seal()
    try {
      return await exportPack(folder, { kind: 'everything', to }, progress)
    } catch (error) {
      throw asFolderRefusal(error, folder)
    }
  },
)

/** Keeps the archive of another provider. Who asks has verified it: here each file is held against the signed list. */
export const archiveTakeOver = change(
  'archive take-over',
  z.strictObject({ folder: folderSchema, provider: providerSchema }),
  ({ folder, provider }) => ({ details: { folder, provider } }),
  async (parts, { folder, provider }, progress): Promise<TakenOver> => {
    hereOf(parts)
    let kept: TakenOver
    try {
      kept = await keepPack(parts.store, packIn(folder), provider, progress)
    } catch (error) {
      if (error instanceof PackRefused) throw new OperationError('BAD_PACK', error.message)
      throw asFolderRefusal(error, folder)
    }
    // From this record on it is proved by the seals of this archive.
    await parts.eventLog.record({
      what: TAKEN_OVER,
      by: { operator: parts.operator },
      account: takenOverName(provider),
      details: { provider, ...kept },
    })
    return kept
  },
)

/** Under it the record is listed; no account has such an address. */
const takenOverName = (provider: string): string => `archive of ${provider}`

/** Into a new folder: `paket` as it came, and `devir`, a pack that proves when it came here. */
export const archiveTakenOver = change(
  'archive taken-over',
  z.strictObject({ folder: folderSchema, provider: providerSchema }),
  ({ folder, provider }) => ({ details: { folder, provider } }),
  async (parts, { folder, provider }, progress): Promise<{ files: number; at: string }> => {
    const { exportPack } = hereOf(parts)
    const records = await parts.eventLog.list({ account: takenOverName(provider) }, 0, MAX_SAME_PROVIDER)
    const record = records.findLast(({ what }) => what === TAKEN_OVER)
    if (record === undefined)
      throw new OperationError('NOT_FOUND', `no archive of ${provider} was taken over`)
    try {
      await newPackFolder(folder)
      const files = await writeTakenOver(
        parts.store,
        takenOverSchema.parse(record.details),
        await newPackFolder(join(folder, 'paket')),
      )
      await exportPack(join(folder, 'devir'), { kind: 'event', id: record.id }, progress)
      return { files, at: record.at }
    } catch (error) {
      throw asFolderRefusal(error, folder)
    }
  },
)

/** One is the rule; a pack that was taken again after a mistake makes some. */
const MAX_SAME_PROVIDER = 100
