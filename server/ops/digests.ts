import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'

/** What runs here: the folders of the program, wherever it was put. */
const ROOT = join(import.meta.dirname, '../..')
const FOLDERS = ['config', 'evidence', 'mail', 'plugins', 'scripts', 'server', 'storage']

/** SHA-256 over every file of the program that runs, by name and octets: which build it was that did something. */
export async function buildDigest(): Promise<string> {
  const digest = createHash('sha256')
  for (const folder of FOLDERS) {
    const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true })
    const files = entries
      .filter((entry) => entry.isFile() && /\.(?:ts|js|yaml)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
    for (const file of files)
      digest.update(`${file.slice(ROOT.length)}\n`).update(
        createHash('sha256')
          .update(await readFile(file))
          .digest(),
      )
  }
  return digest.digest('hex')
}

/** SHA-256 over the settings as they were understood. */
export const configDigest = (config: Config): string =>
  createHash('sha256').update(JSON.stringify(config)).digest('hex')
