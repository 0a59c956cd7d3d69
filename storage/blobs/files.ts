import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlobRef, type BlobWriter, type ByteRange, type StagedBlob, StoreError } from '../port.ts'
import { INLINE_BLOB_MAX } from '../port-blobs.ts'

/**
 * Large blobs as files named by their content, in two levels of folders. A blob is durable when finish()
 * resolves: data synced, renamed to its name, and the folder synced too: without the last step a power loss
 * leaves acknowledged rows that name files which are not there (measured).
 */
export class BlobFiles {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(folder: string): Promise<BlobFiles> {
    // What a process left half written has no name and no reader.
    await rm(join(folder, 'incoming'), { recursive: true, force: true })
    await mkdir(join(folder, 'incoming'), { recursive: true, mode: 0o700 })
    return new BlobFiles(folder)
  }

  create(maxBytes: number): BlobWriter {
    return new FileWriter(this.#folder, maxBytes)
  }

  async *stream(ref: BlobRef, range: ByteRange): AsyncGenerator<Uint8Array> {
    await using file = await openBlob(this.#folder, ref)
    for (let at = range.start; at < range.end; ) {
      const length = Math.min(PIECE, range.end - at)
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at)
      if (bytesRead === 0)
        throw new StoreError('CORRUPT', `the blob ${ref.hash} is shorter than its ${ref.size} octets`)
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
  }
}

/** Reading in pieces of 1 MiB halves the cost of hashing against 64 KiB (measured), and bounds memory. */
const PIECE = 1_048_576

const pathOf = (folder: string, hash: string) => join(folder, hash.slice(0, 2), hash.slice(2, 4), hash)

async function openBlob(folder: string, ref: BlobRef): Promise<FileHandle> {
  try {
    return await open(pathOf(folder, ref.hash), 'r')
  } catch (cause) {
    throw new StoreError('NO_SUCH_BLOB', `the blob ${ref.hash} is not there`, { cause })
  }
}

class FileWriter implements BlobWriter {
  readonly #folder: string
  readonly #maxBytes: number
  readonly #hash = createHash('sha256')
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #size = 0
  #file: { handle: FileHandle; path: string } | undefined

  constructor(folder: string, maxBytes: number) {
    this.#folder = folder
    this.#maxBytes = maxBytes
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.length
    if (this.#size > this.#maxBytes)
      throw new StoreError('BLOB_TOO_LARGE', `more than ${this.#maxBytes} octets`)
    this.#hash.update(chunk)
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#pendingBytes > INLINE_BLOB_MAX) await this.#flush()
  }

  async finish(): Promise<StagedBlob> {
    const ref = { hash: this.#hash.digest('hex'), size: this.#size }
    if (this.#file === undefined) return { ref, inline: Buffer.concat(this.#pending) }
    await this.#flush()
    await this.#file.handle.datasync()
    await this.#file.handle.close()
    const target = pathOf(this.#folder, ref.hash)
    const parent = join(this.#folder, ref.hash.slice(0, 2))
    const nested = join(parent, ref.hash.slice(2, 4))
    const made = await mkdir(nested, { recursive: true, mode: 0o700 })
    await rename(this.#file.path, target)
    this.#file = undefined
    await syncFolder(nested)
    if (made !== undefined) {
      await syncFolder(parent)
      await syncFolder(this.#folder)
    }
    return { ref }
  }

  async abort(): Promise<void> {
    this.#pending = []
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    await file.handle.close().catch(() => {})
    await rm(file.path, { force: true })
  }

  async #flush(): Promise<void> {
    if (this.#file === undefined) {
      const path = join(this.#folder, 'incoming', randomBytes(16).toString('hex'))
      this.#file = { handle: await open(path, 'wx', 0o600), path }
    }
    const pieces = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    await this.#file.handle.writev(pieces)
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
