import { join } from 'node:path'
import { DoesNotOpen } from '../encryption/sealed-octets.ts'
import type { StoreKeys } from '../encryption/store-key.ts'
import { type BlobRef, StoreError, type StoreRecord } from '../port.ts'
import { checkFile, readBackupFile } from './backup-files.ts'
import {
  BODIES,
  BODIES_KEY,
  MANIFEST,
  type Manifest,
  RECORDS,
  RECORDS_KEY,
  readManifest,
} from './manifest.ts'
import { readRecord } from './record-lines.ts'
import type { Source } from './source.ts'

export interface OpenedBackup extends Source, AsyncDisposable {
  readonly manifest: Manifest
}

/**
 * A backup whose files are those that its manifest tells of. Rejects with CORRUPT where they are not, or where the key that
 * they were sealed under is not given. Its bodies are read in the order of their records, and each once.
 */
export async function openBackup(folder: string, keys: StoreKeys | undefined): Promise<OpenedBackup> {
  const manifest = await readManifest(join(folder, MANIFEST))
  const { sealed, records, bodies } = manifest
  await checkFile(join(folder, RECORDS), records, sealed !== undefined)
  await checkFile(join(folder, BODIES), bodies, sealed !== undefined)
  const recordsKey = sealed && keyOf(keys, sealed.recordsKey, RECORDS_KEY, sealed.under)
  const bodiesKey = sealed && keyOf(keys, sealed.bodiesKey, BODIES_KEY, sealed.under)
  const octets = new Pieces(readBackupFile(join(folder, BODIES), bodies.size, bodiesKey))
  return {
    manifest,
    records: () =>
      counted(readLines(readBackupFile(join(folder, RECORDS), records.size, recordsKey)), manifest),
    open: (ref: BlobRef) => octets.take(ref),
    [Symbol.asyncDispose]: () => octets.close(),
  }
}

function keyOf(keys: StoreKeys | undefined, wrapped: string, use: string, under: string): Uint8Array {
  try {
    if (keys !== undefined) return keys.unwrap(Buffer.from(wrapped, 'base64'), use)
  } catch (cause) {
    if (!(cause instanceof DoesNotOpen)) throw cause
  }
  throw new StoreError('CORRUPT', `the backup is sealed under the store key ${under}, which is not given`)
}

/** As many of each kind as the manifest tells of. */
async function* counted(
  records: AsyncIterable<StoreRecord>,
  { counts }: Manifest,
): AsyncGenerator<StoreRecord> {
  const found = new Map<string, number>()
  for await (const record of records) {
    found.set(record.kind, (found.get(record.kind) ?? 0) + 1)
    yield record
  }
  const told = new Map(Object.entries(counts))
  for (const kind of new Set([...found.keys(), ...told.keys()])) {
    const [is, was] = [found.get(kind) ?? 0, told.get(kind) ?? 0]
    if (is !== was)
      throw new StoreError(
        'CORRUPT',
        `the backup has ${is} records of the kind ${kind}, its manifest tells of ${was}`,
      )
  }
}

/** Split at line feeds alone: in JSON other line ends, U+2028 say, stand as they are. */
async function* readLines(octets: AsyncIterable<Uint8Array>): AsyncGenerator<StoreRecord> {
  let number = 0
  let begun: Uint8Array[] = []
  for await (const piece of octets) {
    let from = 0
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, from)) {
      const line = Buffer.concat([...begun, piece.subarray(from, end)])
      yield readRecord(line.toString('utf8'), ++number)
      begun = []
      from = end + 1
    }
    if (from < piece.length) begun.push(Buffer.from(piece.subarray(from)))
  }
  if (begun.length > 0) throw new StoreError('CORRUPT', `the records end within line ${number + 1}`)
}

const LINE_FEED = 0x0a

/** One stream of octets, taken piece by piece in lengths that are known. */
class Pieces {
  readonly #octets: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array()

  constructor(octets: AsyncIterable<Uint8Array>) {
    this.#octets = octets[Symbol.asyncIterator]()
  }

  async close(): Promise<void> {
    await this.#octets.return?.()
  }

  async *take({ hash, size }: BlobRef): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#octets.next()
        if (done === true) throw new StoreError('CORRUPT', `the bodies end before the blob ${hash} does`)
        this.#rest = value
      }
      const piece = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }
}
