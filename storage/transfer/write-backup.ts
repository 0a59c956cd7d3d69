import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { newKey, type StoreKeys } from '../encryption/store-key.ts'
import { StoreError } from '../port.ts'
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
  const done = { records: 0, octets: 0 }
  try {
    for await (const record of source.records()) {
      await records.write(Buffer.from(writeRecord(record)))
      counts[record.kind] = (counts[record.kind] ?? 0) + 1
      done.records++
      if (record.kind === 'blob') {
        let size = 0
        for await (const piece of source.open(record.ref)) {
          await bodies.write(piece)
          size += piece.length
        }
        if (size !== record.ref.size)
          throw new StoreError('CORRUPT', `the blob ${record.ref.hash} has ${size} octets`)
        done.octets += size
      }
      if (done.records % PROGRESS_EVERY === 0) progress?.(done)
    }
    const manifest: Manifest = {
      format: 1,
      madeAt: new Date(now).toISOString(),
      counts,
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

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
