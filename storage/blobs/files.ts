import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlobRef, type BlobWriter, type ByteRange, type StagedBlob, StoreError } from '../port.ts'
import { INLINE_BLOB_MAX, PIECE_MAX } from '../port-blobs.ts'

/**
 * Large blobs as files named by their content, in two levels of folders. A blob is durable when publish()
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

  stream(ref: BlobRef, range: ByteRange, into?: Uint8Array): AsyncGenerator<Uint8Array> {
    return readFile(pathOf(this.#folder, ref.hash), ref, range, into)
  }
}

/** A finished blob: its octets in memory, or in a synced file that has no name yet. */
export class Staged implements StagedBlob {
  readonly ref: BlobRef
  /** Set where the blob is small. */
  readonly inline: Uint8Array | undefined
  readonly #folder: string
  #path: string | undefined

  constructor(folder: string, ref: BlobRef, where: { inline: Uint8Array } | { path: string }) {
    this.#folder = folder
    this.ref = ref
    this.inline = 'inline' in where ? where.inline : undefined
    this.#path = 'path' in where ? where.path : undefined
  }

  readonly open = (
    range: ByteRange = { start: 0, end: this.ref.size },
    into?: Uint8Array,
  ): AsyncGenerator<Uint8Array> =>
    this.inline === undefined
      ? readFile(this.#path ?? pathOf(this.#folder, this.ref.hash), this.ref, range, into)
      : readInline(this.inline, range)

  readonly discard = async (): Promise<void> => {
    const path = this.#path
    this.#path = undefined
    if (path !== undefined) await rm(path, { force: true })
  }

  /** Gives a large blob its name for good; needed before the write that names it. */
  async publish(): Promise<void> {
    const path = this.#path
    if (path === undefined) return
    const parent = join(this.#folder, this.ref.hash.slice(0, 2))
    const nested = join(parent, this.ref.hash.slice(2, 4))
    const made = await mkdir(nested, { recursive: true, mode: 0o700 })
    await rename(path, pathOf(this.#folder, this.ref.hash))
    this.#path = undefined
    await syncFolder(nested)
    if (made !== undefined) {
      await syncFolder(parent)
      await syncFolder(this.#folder)
    }
  }
}

async function* readInline(octets: Uint8Array, range: ByteRange): AsyncGenerator<Uint8Array> {
  yield octets.subarray(range.start, range.end)
}

async function* readFile(
  path: string,
  ref: BlobRef,
  range: ByteRange,
  into?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  await using file = await openBlob(path, ref)
  for (let at = range.start; at < range.end; ) {
    const buffer = into ?? Buffer.allocUnsafe(Math.min(PIECE_MAX, range.end - at))
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, range.end - at), at)
    if (bytesRead === 0)
      throw new StoreError('CORRUPT', `the blob ${ref.hash} is shorter than its ${ref.size} octets`)
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

const pathOf = (folder: string, hash: string) => join(folder, hash.slice(0, 2), hash.slice(2, 4), hash)

async function openBlob(path: string, ref: BlobRef): Promise<FileHandle> {
  try {
    return await open(path, 'r')
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
    if (this.#pendingBytes + chunk.length > INLINE_BLOB_MAX) await this.#flush(chunk)
    else {
      this.#pending.push(Buffer.from(chunk)) // the caller may use its buffer again
      this.#pendingBytes += chunk.length
    }
  }

  async finish(): Promise<Staged> {
    const ref = { hash: this.#hash.digest('hex'), size: this.#size }
    if (this.#file === undefined)
      return new Staged(this.#folder, ref, { inline: Buffer.concat(this.#pending) })
    await this.#flush()
    const { handle, path } = this.#file
    await handle.datasync()
    await handle.close()
    this.#file = undefined
    return new Staged(this.#folder, ref, { path })
  }

  async abort(): Promise<void> {
    this.#pending = []
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    await file.handle.close().catch(() => {})
    await rm(file.path, { force: true })
  }

  async #flush(last?: Uint8Array): Promise<void> {
    if (this.#file === undefined) {
      const path = join(this.#folder, 'incoming', randomBytes(16).toString('hex'))
      this.#file = { handle: await open(path, 'wx', 0o600), path }
    }
    const pieces = last === undefined ? this.#pending : [...this.#pending, last]
    this.#pending = []
    this.#pendingBytes = 0
    await this.#file.handle.writev(pieces)
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
