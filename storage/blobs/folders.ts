import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder, syncFolder } from '../make-folder.ts'
import { type BlobRef, StoreError } from '../port.ts'

/**
 * Where large blobs are: a folder, and perhaps its copy on another disk, which is written at the same time and read by
 * nobody. Files lie in two levels of folders under names that are used once, `<hash>.<random>`: so no file is ever written
 * over, and one that nobody names can be removed without asking who else may have the same octets.
 */
export class BlobFolders {
  readonly #roots: readonly string[]
  /** Folders of the second level that are known to be synced, with their way down. */
  readonly #anchored = new Map<string, Promise<void>>()
  /** Published, and the write that names them has not been answered: a sweep leaves them alone. */
  readonly #awaited = new Set<string>()

  private constructor(roots: readonly string[]) {
    this.#roots = roots
  }

  /** @param roots the first is read; each is made where it is not there */
  static async open(roots: readonly string[]): Promise<BlobFolders> {
    for (const root of roots) {
      // What a process left half written has no name and no reader.
      await rm(join(root, INCOMING), { recursive: true, force: true })
      await makeFolder(join(root, INCOMING))
    }
    return new BlobFolders(roots)
  }

  /** A new file in each folder; nothing in it is durable. */
  async newFile(): Promise<IncomingFile> {
    const name = randomBytes(16).toString('hex')
    const handles: FileHandle[] = []
    try {
      for (const root of this.#roots) handles.push(await open(join(root, INCOMING, name), 'wx', 0o600))
    } catch (error) {
      for (const handle of handles) await handle.close().catch(() => {})
      await this.discard(name)
      throw error
    }
    return { name, handles }
  }

  /**
   * A synced file gets its name, durably. A failed sync is never tried again: what the kernel keeps of the folder after it
   * may not be what the disk has. The caller begins anew, with another file.
   */
  async publish(incoming: string, name: string): Promise<void> {
    this.#awaited.add(name)
    const path = pathOf(name)
    for (const root of this.#roots) {
      await this.#anchor(root, dirname(path))
      await rename(join(root, INCOMING, incoming), join(root, path))
      await syncFolder(join(root, dirname(path)))
    }
  }

  /** The write that was to name this file has been answered. */
  settled(name: string): void {
    this.#awaited.delete(name)
  }

  isAwaited(name: string): boolean {
    return this.#awaited.has(name)
  }

  /** Never fails: what a disk that has become read-only does not let go of is removed at the next start. */
  async discard(incoming: string): Promise<void> {
    await this.#removeAll(join(INCOMING, incoming)).catch(() => {})
  }

  async remove(name: string): Promise<void> {
    await attempt(() => this.#removeAll(pathOf(name)))
  }

  pathOf(name: string): string {
    return join(this.#roots[0] ?? '', pathOf(name))
  }

  pathOfIncoming(name: string): string {
    return join(this.#roots[0] ?? '', INCOMING, name)
  }

  /** The names of all files, folder by folder. */
  async *names(): AsyncGenerator<string> {
    for (const first of await foldersIn(this.#roots[0] ?? ''))
      for (const second of await foldersIn(join(this.#roots[0] ?? '', first)))
        yield* await readdir(join(this.#roots[0] ?? '', first, second)).catch(() => [])
  }

  /**
   * Makes a folder of the second level and its way down durable, once a process: that it is there does not mean that it was
   * synced, as another blob, or a process that died, may have made it a moment ago.
   */
  #anchor(root: string, nested: string): Promise<void> {
    const path = join(root, nested)
    const known = this.#anchored.get(path)
    if (known !== undefined) return known
    const anchored = (async () => {
      await mkdir(path, { recursive: true, mode: 0o700 })
      await syncFolder(dirname(path))
      await syncFolder(root)
    })()
    this.#anchored.set(path, anchored)
    anchored.catch(() => this.#anchored.delete(path))
    return anchored
  }

  async #removeAll(path: string): Promise<void> {
    for (const root of this.#roots) await rm(join(root, path), { force: true })
  }
}

export interface IncomingFile {
  readonly name: string
  /** One in each folder. */
  readonly handles: readonly FileHandle[]
}

/** Where files are until they have their name; what is left there by a process that died goes at the next start. */
export const INCOMING = 'incoming'

/** A name that is used once. */
export const fileNameFor = (ref: BlobRef): string => `${ref.hash}.${randomBytes(8).toString('hex')}`

const pathOf = (name: string): string => join(name.slice(0, 2), name.slice(2, 4), name)

const foldersIn = async (path: string): Promise<string[]> =>
  (await readdir(path, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory() && /^[0-9a-f]{2}$/.test(entry.name))
    .map((entry) => entry.name)

/** ENOSPC and EDQUOT: the disk, or our share of it, is full. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** What the file system refuses (too many open files, a disk that fails) is a store that is not there for now. */
export async function attempt<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    const isFull = cause instanceof Error && 'code' in cause && FULL.has(String(cause.code))
    throw new StoreError(isFull ? 'FULL' : 'UNAVAILABLE', `the blob folder: ${String(cause)}`, { cause })
  }
}
