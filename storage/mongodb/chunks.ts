import { type BlobRef, StoreError } from '../port.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { again } from './failures.ts'
import { bytes } from './fields.ts'

/** With its names a document stays within 256 KiB, in which the server allocates. */
export const CHUNK = 255 * 1024

const idOf = (file: string, n: number) => `${file}/${n}`

/** Large blobs as files of chunks. A file is named anew for each writing, so that nothing is ever written over. */
export class Chunks {
  readonly #chunks: Collection
  readonly #staging: Collection

  constructor(database: Database) {
    this.#chunks = database.collection('chunks')
    this.#staging = database.collection('staging')
  }

  /** Before its first chunk, so that a file whose writer dies is found. */
  async begin(file: string): Promise<void> {
    await again(() => this.#staging.insert({ _id: file, at: Date.now() }))
  }

  /** By its id it is written once, however often. */
  async write(file: string, n: number, octets: Uint8Array): Promise<void> {
    await again(() => this.#chunks.insert({ _id: idOf(file, n), file, octets }))
  }

  /** Which blob may name it: the sweep asks there before it takes the file away. */
  async mayBe(file: string, hash: string): Promise<void> {
    await again(() => this.#staging.update({ _id: file }, { $set: { hash, at: Date.now() } }, true))
  }

  async isNamed(file: string): Promise<void> {
    await this.#staging.remove({ _id: file })
  }

  async remove(file: string): Promise<void> {
    await this.#chunks.removeAll({ file })
    await this.#staging.remove({ _id: file })
  }

  /**
   * [start, end) of a file, chunk by chunk. After a lost connection it goes on with the chunk at which it was.
   *
   * @param size octets as they are stored
   */
  async *read(
    ref: BlobRef,
    file: string,
    size: number,
    start: number,
    end: number,
  ): AsyncGenerator<Uint8Array> {
    for (let n = Math.floor(start / CHUNK); n * CHUNK < end; n++) {
      const octets = await this.#chunk(ref, file, n)
      const expected = Math.min(CHUNK, size - n * CHUNK)
      if (octets.length !== expected)
        throw new StoreError(
          'CORRUPT',
          `the blob ${ref.hash} has a piece of ${octets.length} instead of ${expected} octets`,
        )
      yield octets.subarray(Math.max(0, start - n * CHUNK), Math.min(expected, end - n * CHUNK))
    }
  }

  async #chunk(ref: BlobRef, file: string, n: number): Promise<Uint8Array> {
    const row = await again(() => this.#chunks.get({ _id: idOf(file, n), file }, { octets: 1 }))
    if (row === undefined) throw new StoreError('NO_SUCH_BLOB', `the blob ${ref.hash} lacks a piece`)
    return bytes(row, 'octets')
  }
}
