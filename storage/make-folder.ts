import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, and its way down from the root durable. That it is there does not mean that it was synced: a process that
 * died may have made it a moment ago.
 */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      await syncFolder(folder)
    } catch (error) {
      // A folder that we may not read was there before us.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EACCES') throw error
    }
    if (folder === dirname(folder)) return
  }
}

export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
