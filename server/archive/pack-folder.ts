import { lstat, mkdir, opendir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { maxPackFileOctets, PackFileTooLarge, type PackSource } from '../../evidence/index.ts'
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
      if (error instanceof Error && 'code' in error && ABSENT.has(error.code)) return undefined
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
