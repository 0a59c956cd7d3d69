import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { newKey, type StoreKeys } from '../encryption/store-key.ts'
import { syncFolder } from '../make-folder.ts'
import { type BlobRef, StoreError, type StoreRecord } from '../port.ts'
import { BackupFile } from './backup-files.ts'
import {
  BODIES,
  BODIES_KEY,
  MANIFEST,
  type Manifest,
  RECORDS,
  RECORDS_KEY,
  writeManifest,
} from './manifest.ts'
import { writeRecord } from './record-lines.ts'
import type { Source, TransferProgress } from './source.ts'

export interface BackupOptions {
  /** Records and bodies are sealed under them where they are given. */
  readonly keys: StoreKeys | undefined
  /** When it is made, in ms. */
  readonly now: number
  readonly progress?: TransferProgress
}

/**
 * Everything of a source into a new folder: `records`, a line each; `bodies`, one after the other in the order of their
 * records; `manifest.json`, which is written last. Until then the folder is called `<folder>.partial`. The folder
 * that it lies in has to be there.
 */
export async function writeBackup(
  source: Source,
  folder: string,
  { keys, now, progress }: BackupOptions,
): Promise<Manifest> {
  if (existsSync(folder)) throw Object.assign(new Error(`${folder} is there already`), { code: 'EEXIST' })
  const partial = `${folder}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { mode: 0o700 })
  const recordsKey = keys && newKey()
  const bodiesKey = keys && newKey()
  const records = await BackupFile.create(join(partial, RECORDS), recordsKey)
  const bodies = await BackupFile.create(join(partial, BODIES), bodiesKey)
  const counts: Record<string, number> = {}
  let gone = 0
  const done = { records: 0, octets: 0 }
  try {
    for await (const record of source.records()) {
      if (record.kind === 'blob') {
        const octets = await copied(source, record.ref, () => records.write(lineOf(record)), bodies)
        if (octets === undefined) {
          gone++
          continue
        }
        done.octets += octets
      } else await records.write(lineOf(record))
      counts[record.kind] = (counts[record.kind] ?? 0) + 1
      done.records++
      if (done.records % PROGRESS_EVERY === 0) progress?.(done)
    }
    const manifest: Manifest = {
      format: 1,
      madeAt: new Date(now).toISOString(),
      counts,
      gone,
      records: await records.finish(),
      bodies: await bodies.finish(),
      ...(keys &&
        recordsKey &&
        bodiesKey && {
          sealed: {
            under: keys.id,
            recordsKey: keys.wrap(recordsKey, RECORDS_KEY).toString('base64'),
            bodiesKey: keys.wrap(bodiesKey, BODIES_KEY).toString('base64'),
          },
        }),
    }
    await writeManifest(join(partial, MANIFEST), manifest)
    await syncFolder(partial)
    await rename(partial, folder)
    await syncFolder(dirname(folder))
    progress?.(done)
    return manifest
  } catch (error) {
    await records.abort()
    await bodies.abort()
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}

const PROGRESS_EVERY = 1_000

const lineOf = (record: StoreRecord): Buffer => Buffer.from(writeRecord(record))

/** Octets, or undefined where the last of its keepers has let go since the records were read: nobody misses it. */
async function copied(
  source: Source,
  ref: BlobRef,
  found: () => Promise<void>,
  bodies: BackupFile,
): Promise<number | undefined> {
  let size = 0
  let isFound = false
  try {
    for await (const piece of source.open(ref)) {
      if (!isFound) await found()
      isFound = true
      await bodies.write(piece)
      size += piece.length
    }
  } catch (error) {
    if (isFound || !(error instanceof StoreError) || error.code !== 'NO_SUCH_BLOB') throw error
    return undefined
  }
  if (!isFound) await found() // it has no octets
  if (size !== ref.size) throw new StoreError('CORRUPT', `the blob ${ref.hash} has ${size} octets`)
  return size
}
