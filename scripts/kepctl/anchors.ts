import { readFile } from 'node:fs/promises'
import { type Certificate, parsePemCertificates } from '../../evidence/index.ts'
import { UsageError } from './command.ts'

/** The certificates that a command was told to trust. */
export async function anchorsIn(files: readonly string[]): Promise<Certificate[]> {
  if (files.length === 0) throw new UsageError('--trust is missing')
  const anchors: Certificate[] = []
  for (const file of files) {
    const found = parsePemCertificates(await readFile(file, 'utf8'))
    if (found.length === 0) throw new UsageError(`${file}: no certificate in PEM`)
    anchors.push(...found)
  }
  return anchors
}
