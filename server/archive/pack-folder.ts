import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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

/** A pack's files have two names at most; deeper ones are shown to be there, and are read by nobody. */
export const packIn = (path: string): PackSource => ({
  read: async (name) => {
    try {
      return await readFile(join(path, name))
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
        return undefined
      throw error
    }
  },
  names: async () => {
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(path.length).replace(/^\/+/, ''))
  },
})
