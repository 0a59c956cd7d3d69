import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BlobRef, type BlobWriter, type ByteRange, type StagedBlob, StoreError } from '../port.ts'
import { INLINE_BLOB_MAX, PIECE_MAX } from '../port-blobs.ts'

/**
 * Large blobs as files named by their content, in two levels of folders. A blob is durable when publish()
 * resolves: data synced, renamed to its name, and the folder synced too: without the last step a power loss
 * leaves acknowledged rows that name files which are not there (measured).
 */
export class BlobFiles {
  readonly #folder: BlobFolder

  private constructor(folder: BlobFolder) {
    this.#folder = folder
  }

  static async open(folder: string): Promise<BlobFiles> {
    // What a process left half written has no name and no reader.
    await rm(join(folder, 'incoming'), { recursive: true, force: true })
    await mkdir(join(folder, 'incoming'), { recursive: true, mode: 0o700 })
    return new BlobFiles({ path: folder, anchored: new Map() })
  }

  create(maxBytes: number): BlobWriter {
    return new FileWriter(this.#folder, maxBytes)
  }

  stream(ref: BlobRef, range: ByteRange, into?: Uint8Array): AsyncGenerator<Uint8Array> {
    return readFile(pathOf(this.#folder.path, ref.hash), ref, range, into)
  }
}

/** Where the blobs are, and which of its folders are known to be synced themselves. */
interface BlobFolder {
  readonly path: string
  readonly anchored: Map<string, Promise<void>>
}

/** A finished blob: its octets in memory, or in a synced file that has no name yet. */
export class Staged implements StagedBlob {
  readonly ref: BlobRef
  readonly #folder: BlobFolder
  readonly #named: string
  /** Set where the blob is small. */
  readonly #inline: Uint8Array | undefined
  /** Where a large one is until it has its name. */
  #path: string | undefined
  #state: 'staged' | 'named' | 'durable' | 'discarded' = 'staged'

  constructor(folder: BlobFolder, ref: BlobRef, where: { inline: Uint8Array } | { path: string }) {
    this.#folder = folder
    this.ref = ref
    this.#named = pathOf(folder.path, ref.hash)
    this.#inline = 'inline' in where ? where.inline : undefined
    this.#path = 'path' in where ? where.path : undefined
  }

  readonly open = (
    range: ByteRange = { start: 0, end: this.ref.size },
    into?: Uint8Array,
  ): AsyncGenerator<Uint8Array> =>
    this.#inline === undefined
      ? readFile(this.#path ?? this.#named, this.ref, range, into)
      : readInline(this.#inline, range)

  readonly discard = async (): Promise<void> => {
    if (this.#state !== 'staged') return
    this.#state = 'discarded'
    const path = this.#path
    this.#path = undefined
    if (path !== undefined) await rm(path, { force: true })
  }

  /**
   * Needed before the write that names it. A large blob gets its name for good; a small one is answered with its
   * octets, which ride in that write. NO_SUCH_BLOB after discard(): a row must not name what is gone.
   */
  async publish(): Promise<Uint8Array | undefined> {
    if (this.#state === 'discarded')
      throw new StoreError('NO_SUCH_BLOB', `the blob ${this.ref.hash} was discarded`)
    if (this.#inline !== undefined || this.#state === 'durable') {
      this.#state = 'durable'
      return this.#inline
    }
    await attempt(async () => {
      await anchor(this.#folder, dirname(this.#named))
      if (this.#path !== undefined) await rename(this.#path, this.#named)
      this.#path = undefined
      this.#state = 'named' // should the sync fail, a repeated call has it to do still
      await syncFolder(dirname(this.#named))
    })
    this.#state = 'durable'
    return undefined
  }
}

/**
 * Makes a folder of the second level and its way down durable, once a process: that it is there does not mean that it
 * was synced, as another blob, or a process that died, may have made it a moment ago.
 */
function anchor(folder: BlobFolder, nested: string): Promise<void> {
  const known = folder.anchored.get(nested)
  if (known !== undefined) return known
  const anchored = (async () => {
    await mkdir(nested, { recursive: true, mode: 0o700 })
    await syncFolder(dirname(nested))
    await syncFolder(folder.path)
  })()
  folder.anchored.set(nested, anchored)
  anchored.catch(() => folder.anchored.delete(nested))
  return anchored
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
  const { size } = await attempt(() => file.stat())
  if (size !== ref.size) throw corrupt(ref, `has ${size} octets instead of ${ref.size}`)
  for (let at = range.start; at < range.end; ) {
    const buffer = into ?? Buffer.allocUnsafe(Math.min(PIECE_MAX, range.end - at))
    const length = Math.min(buffer.length, range.end - at)
    const { bytesRead } = await attempt(() => file.read(buffer, 0, length, at))
    if (bytesRead === 0) throw corrupt(ref, 'became shorter while it was read')
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** Hashes along where a blob is read whole: octets that turned on the disk must not be signed or sent as what was stored. */
export async function* checked(ref: BlobRef, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const piece of pieces) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') !== ref.hash) throw corrupt(ref, 'holds other octets than were stored')
}

export const corrupt = (ref: BlobRef, how: string): StoreError =>
  new StoreError('CORRUPT', `the blob ${ref.hash} ${how}`)

const pathOf = (folder: string, hash: string) => join(folder, hash.slice(0, 2), hash.slice(2, 4), hash)

async function openBlob(path: string, ref: BlobRef): Promise<FileHandle> {
  return attempt(async () => {
    try {
      return await open(path, 'r')
    } catch (cause) {
      // Anything else, too many open files say, does not mean that the blob is gone.
      if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'ENOENT') throw cause
      throw new StoreError('NO_SUCH_BLOB', `the blob ${ref.hash} is not there`, { cause })
    }
  })
}

/** What the file system refuses (a full disk, too many open files) is a store that is not there for now. */
async function attempt<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    throw new StoreError('UNAVAILABLE', `the blob folder: ${String(cause)}`, { cause })
  }
}

class FileWriter implements BlobWriter {
  readonly #folder: BlobFolder
  readonly #maxBytes: number
  readonly #hash = createHash('sha256')
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #size = 0
  #file: { handle: FileHandle; path: string } | undefined
  /** After a failed write the file lacks octets: nothing more comes of it. */
  #failure: unknown

  constructor(folder: BlobFolder, maxBytes: number) {
    this.#folder = folder
    this.#maxBytes = maxBytes
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
    if (this.#file === undefined)
      return new Staged(this.#folder, ref, { inline: Buffer.concat(this.#pending) })
    await this.#flush()
    const { handle, path } = this.#file
    await attempt(() => handle.datasync())
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

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#size > this.#maxBytes)
      throw new StoreError('BLOB_TOO_LARGE', `more than ${this.#maxBytes} octets`)
  }

  async #flush(last?: Uint8Array): Promise<void> {
    const pieces = last === undefined ? this.#pending : [...this.#pending, last]
    const octets = this.#pendingBytes + (last?.length ?? 0)
    this.#pending = []
    this.#pendingBytes = 0
    try {
      await attempt(async () => {
        this.#file ??= await this.#newFile()
        const { bytesWritten } = await this.#file.handle.writev(pieces)
        // A disk that fills up takes a part without an error; the rest would be missing under the name of the whole.
        if (bytesWritten !== octets) throw new Error(`the disk took ${bytesWritten} of ${octets} octets`)
      })
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  async #newFile(): Promise<{ handle: FileHandle; path: string }> {
    const path = join(this.#folder.path, 'incoming', randomBytes(16).toString('hex'))
    return { handle: await open(path, 'wx', 0o600), path }
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
