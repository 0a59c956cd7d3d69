import { FileWriter } from '../blobs/file-writer.ts'
import type { BlobFolders } from '../blobs/folders.ts'
import { corrupt, noSuchBlob, reading } from '../blobs/octets.ts'
import { readFile } from '../blobs/read-file.ts'
import { type Published, Staged } from '../blobs/staged.ts'
import { openWhole } from '../encryption/sealed-octets.ts'
import {
  type BlobRef,
  type BlobStore,
  type ByteRange,
  type Keeper,
  type StagedBlob,
  StoreError,
} from '../port.ts'
import { fileOf, findBlob, isNamed } from './blobs.ts'
import type { Database } from './database.ts'
import type { WriterThread } from './writer-thread.ts'

/** Files that a sweep looks at in one call, to find those that no row names. */
const FILES_A_SWEEP = 10_000

/** Small blobs in rows, large ones in files that rows name; the writer thread alone decides which. */
export class SqliteBlobs implements BlobStore {
  readonly #db: Database
  readonly #folders: BlobFolders
  readonly #writer: WriterThread
  #walk: AsyncGenerator<string> | undefined

  constructor(db: Database, folders: BlobFolders, writer: WriterThread) {
    this.#db = db
    this.#folders = folders
    this.#writer = writer
  }

  create(maxBytes: number): FileWriter {
    return new FileWriter(this.#folders, maxBytes, this.#db.keys !== undefined)
  }

  async save(staged: StagedBlob, keeper: Keeper): Promise<BlobRef> {
    await this.carry([staged], (brought) => this.#writer.call('saveBlob', staged.ref, keeper, brought))
    return staged.ref
  }

  keep(ref: BlobRef, keeper: Keeper): Promise<void> {
    return this.#writer.call('keepBlob', ref, keeper)
  }

  release(keeper: Keeper): Promise<void> {
    return this.#writer.call('releaseBlobs', keeper)
  }

  async sweep(limit: number): Promise<{ blobs: number; octets: number }> {
    const { files, ...swept } = await this.#writer.call('sweepBlobs', limit)
    for (const file of files) await this.#folders.remove(file)
    await this.#sweepFiles()
    return swept
  }

  /** A write that names blobs: large ones are published before, and know after it which file has stayed. */
  async carry<T>(staged: readonly StagedBlob[], write: (brought: Published[]) => Promise<T>): Promise<T> {
    const blobs = staged.map((blob) => {
      if (!(blob instanceof Staged)) throw new TypeError('a staged blob of another store')
      return blob
    })
    const brought: Published[] = []
    const large: Staged[] = []
    for (const blob of blobs) {
      const published = await blob.publish()
      if (published === undefined) continue
      brought.push(published)
      if (published.file !== undefined) large.push(blob)
    }
    const settle = () => {
      for (const blob of large) blob.settle(fileOf(this.#db, blob.ref.hash))
    }
    try {
      const answer = await write(brought)
      settle()
      return answer
    } catch (error) {
      // Where nobody knows what became of the write, a sweep finds out.
      if (error instanceof StoreError && error.code !== 'UNAVAILABLE' && error.code !== 'CLOSED') settle()
      throw error
    }
  }

  open(ref: BlobRef, range?: ByteRange, into?: Uint8Array): AsyncGenerator<Uint8Array> {
    return reading(ref, range, (wanted) => this.#pieces(ref, wanted, into))
  }

  async read(ref: BlobRef, range?: ByteRange): Promise<Uint8Array> {
    return Buffer.concat(await Array.fromAsync(this.open(ref, range)))
  }

  async *#pieces(ref: BlobRef, range: ByteRange, into?: Uint8Array): AsyncGenerator<Uint8Array> {
    const there = findBlob(this.#db, ref.hash)
    if (there === undefined) throw noSuchBlob(ref)
    if (there.size !== ref.size) throw corrupt(ref, `has ${there.size} octets instead of ${ref.size}`)
    if (there.file !== undefined)
      return yield* readFile(this.#folders.pathOf(there.file), ref, range, there.key, into)
    const stored = there.octets ?? new Uint8Array()
    const octets = there.key === undefined ? stored : openWhole(there.key, ref.size, stored)
    if (octets.length !== ref.size) throw corrupt(ref, `has ${octets.length} octets instead of ${ref.size}`)
    yield octets.subarray(range.start, range.end)
  }

  /** Some of the files on each call: those that a process left which died before its write, and that no row names. */
  async #sweepFiles(): Promise<void> {
    this.#walk ??= this.#folders.names()
    const walk = this.#walk
    for (let looked = 0; looked < FILES_A_SWEEP; looked++) {
      const { value: name, done } = await walk.next()
      if (done === true) {
        if (this.#walk === walk) this.#walk = undefined
        return
      }
      if (this.#folders.isAwaited(name) || isNamed(this.#db, name.slice(0, 64), name)) continue
      await this.#folders.remove(name)
    }
  }
}
