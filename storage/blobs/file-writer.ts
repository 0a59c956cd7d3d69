import { createHash } from 'node:crypto'
import { Sealer, seal } from '../encryption/sealed-octets.ts'
import { newKey } from '../encryption/store-key.ts'
import { type BlobWriter, StoreError } from '../port.ts'
import { INLINE_BLOB_MAX } from '../port-blobs.ts'
import { attempt, type BlobFolders, type IncomingFile } from './folders.ts'
import { Staged } from './staged.ts'

/** Streams octets into a file, or keeps them in memory while they are few; sealed on the way where the store seals. */
export class FileWriter implements BlobWriter {
  readonly #folders: BlobFolders
  readonly #maxBytes: number
  readonly #hash = createHash('sha256')
  readonly #key: Uint8Array | undefined
  readonly #sealer: Sealer | undefined
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #size = 0
  #file: IncomingFile | undefined
  /** After a failed write the file lacks octets: nothing more comes of it. */
  #failure: unknown

  constructor(folders: BlobFolders, maxBytes: number, sealed: boolean) {
    this.#folders = folders
    this.#maxBytes = maxBytes
    this.#key = sealed ? newKey() : undefined
    this.#sealer = this.#key && new Sealer(this.#key)
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.length
    this.#check()
    this.#hash.update(chunk)
    if (this.#pendingBytes + chunk.length > INLINE_BLOB_MAX) await this.#flush(chunk)
    else {
      this.#pending.push(Buffer.from(chunk)) // the caller may use its buffer again
      this.#pendingBytes += chunk.length
    }
  }

  async finish(): Promise<Staged> {
    this.#check()
    const ref = { hash: this.#hash.digest('hex'), size: this.#size }
    if (this.#file === undefined) {
      const octets = Buffer.concat(this.#pending)
      const stored = this.#key === undefined ? octets : seal(this.#key, octets)
      return new Staged(this.#folders, ref, this.#key, { octets, stored })
    }
    await this.#flush()
    await this.#put(this.#sealer?.final() ?? [])
    const { handles, name } = this.#file
    try {
      for (const handle of handles) await attempt(() => handle.datasync())
    } catch (error) {
      this.#failure = error // never synced again: see BlobFolders.publish
      throw error
    }
    this.#file = undefined
    for (const handle of handles) await handle.close()
    return new Staged(this.#folders, ref, this.#key, { incoming: name })
  }

  async abort(): Promise<void> {
    this.#pending = []
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    for (const handle of file.handles) await handle.close().catch(() => {})
    await this.#folders.discard(file.name)
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#size > this.#maxBytes)
      throw new StoreError('BLOB_TOO_LARGE', `more than ${this.#maxBytes} octets`)
  }

  async #flush(last?: Uint8Array): Promise<void> {
    const pieces = last === undefined ? this.#pending : [...this.#pending, last]
    this.#pending = []
    this.#pendingBytes = 0
    const sealer = this.#sealer
    await this.#put(sealer === undefined ? pieces : pieces.flatMap((piece) => sealer.update(piece)))
  }

  async #put(pieces: readonly Uint8Array[]): Promise<void> {
    const octets = pieces.reduce((sum, { length }) => sum + length, 0)
    try {
      await attempt(async () => {
        this.#file ??= await this.#folders.newFile()
        if (octets === 0) return
        for (const handle of this.#file.handles) {
          const { bytesWritten } = await handle.writev(pieces)
          // A disk that fills up takes a part without an error; the rest would be missing under the name of the whole.
          if (bytesWritten !== octets)
            throw new StoreError('FULL', `the disk took ${bytesWritten} of ${octets} octets`)
        }
      })
    } catch (error) {
      this.#failure = error
      throw error
    }
  }
}
