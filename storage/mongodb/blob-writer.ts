import { createHash } from 'node:crypto'
import { Sealer } from '../encryption/sealed-octets.ts'
import { type BlobWriter, StoreError } from '../port.ts'
import { INLINE_BLOB_MAX } from '../port-blobs.ts'
import { CHUNK, type Chunks } from './chunks.ts'
import { Staged } from './staged.ts'

/** Writes while it receives: at most one chunk is in memory, whatever the size. */
export class ChunkWriter implements BlobWriter {
  readonly #chunks: Chunks
  readonly #maxBytes: number
  readonly #file: string
  readonly #key: Uint8Array | undefined
  readonly #sealer: Sealer | undefined
  readonly #hash = createHash('sha256')
  #size = 0
  /** What is not written yet. Until it is clear that the blob is large, as it came; from then on as it is stored. */
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #isLarge = false
  #written = 0
  /** After a failed write the file lacks octets: nothing more comes of it. */
  #failure: unknown

  /** @param key undefined where octets are stored as they are */
  constructor(chunks: Chunks, maxBytes: number, file: string, key: Uint8Array | undefined) {
    this.#chunks = chunks
    this.#maxBytes = maxBytes
    this.#file = file
    this.#key = key
    this.#sealer = key && new Sealer(key)
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.length
    this.#check()
    this.#hash.update(chunk)
    await this.#attempt(async () => {
      if (!this.#isLarge && this.#size > INLINE_BLOB_MAX) await this.#becomeLarge()
      await this.#take(this.#isLarge && this.#sealer !== undefined ? this.#sealer.update(chunk) : [chunk])
    })
  }

  async finish(): Promise<Staged> {
    this.#check()
    const ref = { hash: this.#hash.digest('hex'), size: this.#size }
    const content = { hash: ref.hash, file: this.#file, key: this.#key }
    if (!this.#isLarge)
      return new Staged(this.#chunks, ref, content, { inline: Buffer.concat(this.#pending) })
    await this.#attempt(async () => {
      await this.#take(this.#sealer?.final() ?? [])
      await this.#chunks.write(this.#file, this.#written++, Buffer.concat(this.#pending))
      await this.#chunks.mayBe(this.#file, ref.hash)
    })
    return new Staged(this.#chunks, ref, content, { chunked: true })
  }

  async abort(): Promise<void> {
    this.#failure ??= new StoreError('NO_SUCH_BLOB', 'the blob was aborted')
    this.#pending = []
    this.#pendingBytes = 0
    if (this.#isLarge) await this.#chunks.remove(this.#file)
    this.#isLarge = false
  }

  #check(): void {
    if (this.#size > this.#maxBytes)
      throw new StoreError('BLOB_TOO_LARGE', `more than ${this.#maxBytes} octets`)
    if (this.#failure !== undefined) throw this.#failure
  }

  async #becomeLarge(): Promise<void> {
    await this.#chunks.begin(this.#file)
    this.#isLarge = true
    const before = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    if (this.#sealer !== undefined) for (const piece of before) await this.#take(this.#sealer.update(piece))
    else await this.#take(before)
  }

  async #take(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.#pending.push(piece)
      this.#pendingBytes += piece.length
    }
    if (this.#isLarge && this.#pendingBytes > CHUNK) await this.#flush()
  }

  /** All chunks that are full; the last octets wait, as they may be the end. */
  async #flush(): Promise<void> {
    const all = Buffer.concat(this.#pending)
    let at = 0
    for (; all.length - at > CHUNK; at += CHUNK)
      await this.#chunks.write(this.#file, this.#written++, all.subarray(at, at + CHUNK))
    this.#pending = [all.subarray(at)]
    this.#pendingBytes = all.length - at
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#failure ??= error
      throw error
    }
  }
}
