import { lstat, mkdir, opendir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { maxPackFileOctets, PackFileTooLarge, type PackSource } from '../../evidence/index.ts'
import type { PackFolder } from './audit-pack.ts'

/** Could not be taken away after the failure that is its cause. */
export class FolderLeft extends Error {
  override readonly name = 'FolderLeft'
}

/** A folder that was made here. Each file is on the disk when it is written; what others put there is never touched. */
export class NewFolder implements PackFolder {
  readonly #path: string
  readonly #files: string[] = []
  readonly #folders = new Map<string, Promise<NewFolder>>()

  private constructor(path: string) {
    this.#path = path
  }

  /** Rejects with EEXIST where something of that name is there. */
  static async make(path: string): Promise<NewFolder> {
    await mkdir(path, { mode: 0o700 })
    return new NewFolder(path)
  }

  /** One in it, the same each time. Rejects as `make` does. */
  folder(name: string): Promise<NewFolder> {
    const known = this.#folders.get(name) ?? NewFolder.make(join(this.#path, name))
    this.#folders.set(name, known)
    return known
  }

  async write(name: string, octets: Uint8Array | Iterable<Uint8Array>): Promise<void> {
    const slash = name.indexOf('/')
    if (slash >= 0)
      return await (await this.folder(name.slice(0, slash))).write(name.slice(slash + 1), octets)
    try {
      await writeFile(join(this.#path, name), octets, { flag: 'wx', mode: 0o600, flush: true })
    } catch (error) {
      // Of a full disk a part is there, and ours.
      if (codeOf(error) !== 'EEXIST') this.#files.push(name)
      throw error
    }
    this.#files.push(name)
  }

  /** With all that was written here. Rejects where something else lies in it, which then stays. */
  async remove(): Promise<void> {
    for (const made of await Promise.allSettled(this.#folders.values()))
      if (made.status === 'fulfilled') await made.value.remove().catch(() => {}) // then this one stays too
    for (const name of this.#files) await rm(join(this.#path, name), { force: true })
    await rmdir(this.#path)
  }
}

/**
 * Fills a new folder, or leaves none behind. Rejects with EEXIST where something of that name is there, with what filling it
 * rejects with, and with FolderLeft where the folder is still there then.
 */
export async function intoNewFolder<Result>(
  path: string,
  fill: (folder: NewFolder) => Promise<Result>,
): Promise<Result> {
  const folder = await NewFolder.make(path)
  try {
    return await fill(folder)
  } catch (cause) {
    await folder.remove().catch(() => {
      throw new FolderLeft(path, { cause })
    })
    throw cause
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

/** There is no such file, or there can be none of that name. */
const ABSENT: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'])
/** Entries of a folder that are read ahead. */
const AT_ONCE = 1_024

/** Plain files alone: a link, a device or a pipe in a pack is shown to be there and is read by nobody. */
export const packIn = (path: string): PackSource => ({
  read: async (name) => {
    try {
      const file = join(path, name)
      const found = await lstat(file)
      if (!found.isFile()) return undefined
      if (found.size > maxPackFileOctets(name)) throw new PackFileTooLarge(name)
      return await readFile(file)
    } catch (error) {
      if (ABSENT.has(codeOf(error))) return undefined
      throw error
    }
  },
  names: async () => {
    const names: string[] = []
    for await (const entry of await opendir(path, { recursive: true, bufferSize: AT_ONCE }))
      if (!entry.isDirectory()) names.push(relative(path, join(entry.parentPath, entry.name)))
    return names
  },
})
