import { corrupt, noSuchBlob, reading } from '../blobs/octets.ts'
import { newKey, type StoreKeys } from '../encryption/store-key.ts'
import type { BlobRef, BlobStore, BlobWriter, ByteRange, Keeper, StagedBlob } from '../port.ts'
import { ChunkWriter } from './blob-writer.ts'
import { Chunks } from './chunks.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { again } from './failures.ts'
import { bytes, number, type Row, text } from './fields.ts'
import type { Keepers } from './keepers.ts'
import type { Keeping } from './keeping.ts'
import { octetsOf } from './octets.ts'

/** What a sweep does beside: it belongs to others, and is done by whoever sweeps. */
export type Sweep = (limit: number) => Promise<{ blobs: number; octets: number }>

/** Blobs: one document each, named by the hash, which names a file of chunks or holds the octets itself. */
export class Blobs implements BlobStore {
  readonly #database: Database
  readonly #blobs: Collection
  readonly #chunks: Chunks
  readonly #keepers: Keepers
  readonly #keeping: Keeping
  readonly #keys: StoreKeys | undefined
  readonly sweep: Sweep

  constructor(
    database: Database,
    keepers: Keepers,
    keeping: Keeping,
    keys: StoreKeys | undefined,
    sweep: Sweep,
  ) {
    this.#database = database
    this.#blobs = database.collection('blobs')
    this.#chunks = new Chunks(database)
    this.#keepers = keepers
    this.#keeping = keeping
    this.#keys = keys
    this.sweep = sweep
  }

  create(maxBytes: number): BlobWriter {
    const key = this.#keys === undefined ? undefined : newKey()
    return new ChunkWriter(this.#chunks, maxBytes, this.#database.nonce(), key)
  }

  save(staged: StagedBlob, keeper: Keeper): Promise<BlobRef> {
    return this.#keeping.bring(staged, keeper, undefined)
  }

  keep(ref: BlobRef, keeper: Keeper): Promise<void> {
    return this.#keeping.keep(ref, keeper)
  }

  release(keeper: Keeper): Promise<void> {
    return this.#keepers.release(keeper)
  }

  open(ref: BlobRef, range?: ByteRange, into?: Uint8Array): AsyncGenerator<Uint8Array> {
    return reading(ref, range, (wanted) => this.#pieces(ref, wanted, into))
  }

  async *#pieces(ref: BlobRef, range: ByteRange, into?: Uint8Array): AsyncGenerator<Uint8Array> {
    const blob = await again(() => this.#blobs.get({ _id: ref.hash }))
    if (blob === undefined || text(blob, 'state') === 'dead') throw noSuchBlob(ref)
    if (number(blob, 'size') !== ref.size) throw corrupt(ref, `has ${number(blob, 'size')} octets`)
    yield* octetsOf(this.#chunks, ref, await this.#storedAs(ref, blob), range, into)
  }

  async #storedAs(ref: BlobRef, blob: Row) {
    const file = text(blob, 'file')
    const key = blob['sealed'] === true ? await this.#unsealed(ref, file) : undefined
    return blob['octets'] === undefined ? { file, key } : { octets: bytes(blob, 'octets'), key }
  }

  async #unsealed(ref: BlobRef, file: string): Promise<Uint8Array> {
    if (this.#keys === undefined) throw corrupt(ref, 'is sealed, and no key is given')
    const key = await again(() => this.#keepers.keyOf(ref.hash, file))
    if (key === undefined) throw noSuchBlob(ref)
    return key
  }

  async read(ref: BlobRef, range?: ByteRange): Promise<Uint8Array> {
    return Buffer.concat(await Array.fromAsync(this.open(ref, range)))
  }
}
