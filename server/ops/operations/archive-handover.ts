import { join } from 'node:path'
import { z } from 'zod'
import type { PackReport } from '../../archive/audit-pack.ts'
import { intoNewFolder, packIn } from '../../archive/pack-folder.ts'
import {
  keepPack,
  PackRefused,
  type TakenOver,
  takenOverSchema,
  writeTakenOver,
} from '../../archive/taken-over.ts'
import type { RecordedEvent } from '../../event-log/event-log.ts'
import { asFolderRefusal } from './folder-refusal.ts'
import { change, OperationError, type OperationParts, operation } from './operation.ts'
import { folderSchema, idSchema } from './schemas.ts'

/** What the log calls it; by this name an archive that was taken over is found again. */
const TAKEN_OVER = 'archive taken over'

const providerSchema = z
  .string()
  .max(253)
  .regex(/^[a-z0-9][a-z0-9.-]*$/)

/** Lower-case hex SHA-256: of a certificate, and of a list of files. */
const fingerprintSchema = z.string().regex(/^[0-9a-f]{64}$/)
const digestSchema = fingerprintSchema

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
    try {
      await archiveDesk.seal()
      return await exportPack(folder, { kind: 'everything', to }, progress)
    } catch (error) {
      throw asFolderRefusal(error, folder)
    }
  },
)

/**
 * Keeps the archive of another provider. Who asks has verified it, and says by whom its list is signed: here each file is held
 * against that list.
 */
export const archiveTakeOver = change(
  'archive take-over',
  z.strictObject({
    folder: folderSchema,
    provider: providerSchema,
    signer: fingerprintSchema,
    list: digestSchema,
  }),
  ({ folder, provider, signer }) => ({ details: { folder, provider, signer } }),
  async (parts, { folder, provider, signer, list }, progress): Promise<TakenOver & { record: string }> => {
    hereOf(parts)
    if (provider === parts.domain)
      throw new OperationError('BAD_ARGUMENTS', `${provider} is this provider: its archive is here already`)
    let kept: TakenOver
    try {
      kept = await keepPack(parts.store, packIn(folder), { provider, list }, progress)
    } catch (error) {
      if (error instanceof PackRefused) throw new OperationError('BAD_PACK', error.message)
      throw asFolderRefusal(error, folder)
    }
    // From this record on it is proved by the seals of this archive.
    const { id } = await parts.eventLog.record({
      what: TAKEN_OVER,
      by: { operator: parts.operator },
      account: takenOverName(provider),
      details: { provider, signer, ...kept },
    })
    return { ...kept, record: id }
  },
)

/** Under it the record is listed; no account has such an address. */
const takenOverName = (provider: string): string => `archive of ${provider}`

/** One archive that was taken over. */
export interface TakenOverLine {
  /** Of the log of events. */
  readonly record: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly files: number
  readonly octets: number
  /** Fingerprint of the certificate by which its list is signed. */
  readonly signer: string
}

/** All of that provider, the first first. */
export const archiveTakenOverList = operation(
  z.strictObject({ provider: providerSchema }),
  async (parts, { provider }): Promise<{ archives: readonly TakenOverLine[] }> => ({
    archives: (await takenOverBy(parts, provider)).map(({ id, at, details }) => {
      const { files, octets, signer } = takenOverSchema.parse(details)
      return { record: id, at, files, octets, signer }
    }),
  }),
)

/**
 * Into a new folder: `paket` as it came, and `devir`, a pack that proves when it came here. Of several each has a folder of its
 * own, named by its record.
 */
export const archiveTakenOver = change(
  'archive taken-over',
  z.strictObject({ folder: folderSchema, provider: providerSchema, record: idSchema.optional() }),
  ({ folder, provider, record }) => ({
    details: { folder, provider, ...(record === undefined ? {} : { record }) },
  }),
  async (
    parts,
    { folder, provider, record },
    progress,
  ): Promise<{ archives: readonly { record: string; folder: string; files: number; at: string }[] }> => {
    const { exportPack } = hereOf(parts)
    const all = await takenOverBy(parts, provider)
    const wanted = record === undefined ? all : all.filter(({ id }) => id === record)
    if (wanted.length === 0)
      throw new OperationError(
        'NOT_FOUND',
        `no ${record === undefined ? '' : 'such '}archive of ${provider} was taken over`,
      )
    try {
      return await intoNewFolder(folder, async (made) => {
        const archives = []
        for (const { id, at, details } of wanted) {
          const [into, path] =
            wanted.length === 1 ? [made, folder] : [await made.folder(id), join(folder, id)]
          const kept = takenOverSchema.parse(details)
          const files = await writeTakenOver(parts.store, kept, await into.folder('paket'))
          await exportPack(await into.folder('devir'), { kind: 'event', id }, progress)
          archives.push({ record: id, folder: path, files, at })
        }
        return { archives }
      })
    } catch (error) {
      throw asFolderRefusal(error, folder)
    }
  },
)

const PAGE = 100

async function takenOverBy({ eventLog }: OperationParts, provider: string): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = []
  for (let after = 0; ; ) {
    const page = await eventLog.list({ account: takenOverName(provider) }, after, PAGE)
    found.push(...page.filter(({ what }) => what === TAKEN_OVER))
    after = page.at(-1)?.sequence ?? after
    if (page.length < PAGE) return found
  }
}
