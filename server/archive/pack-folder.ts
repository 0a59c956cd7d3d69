import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { PackSource } from '../../evidence/index.ts'
import type { PackFolder } from './audit-pack.ts'

/** A new folder: rejects with EEXIST where something of that name is there. Each file is on the disk when it is written. */
export async function newPackFolder(path: string): Promise<PackFolder> {
  await mkdir(path, { mode: 0o700 })
  const made = new Set<string>()
  return {
    write: async (name, octets) => {
      const file = join(path, name)
      const folder = dirname(file)
      if (!made.has(folder)) await mkdir(folder, { recursive: true, mode: 0o700 })
      made.add(folder)
      await writeFile(file, octets, { flag: 'wx', mode: 0o600, flush: true })
    },
  }
}

/** The largest file of a pack is a revocation list; more is not a pack's. */
const MAX_FILE_OCTETS = 64 * 1024 * 1024

/** Plain files alone: a link, a device or a pipe in a pack is shown to be there and is read by nobody. */
export const packIn = (path: string): PackSource => ({
  read: async (name) => {
    try {
      const file = join(path, name)
      const found = await lstat(file)
      return found.isFile() && found.size <= MAX_FILE_OCTETS ? await readFile(file) : undefined
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
        return undefined
      throw error
    }
  },
  names: async () => {
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(path, join(entry.parentPath, entry.name)))
  },
})
