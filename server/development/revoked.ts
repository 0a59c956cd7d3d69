import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { writeDurably } from '../durable-file.ts'
import { developmentFiles } from './files.ts'

const revokedSchema = z.array(
  z.strictObject({
    /** Lower-case hex of the DER INTEGER's content. */
    serial: z.string().regex(/^(?:[0-9a-f]{2}){1,21}$/),
    date: z.iso.datetime(),
  }),
)
export type Revoked = z.output<typeof revokedSchema>

/** What the development CA revoked; nothing where the file is not there yet. Throws for a file that is broken. */
export async function readRevoked(file: string): Promise<Revoked> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return revokedSchema.parse(JSON.parse(text))
}

/** Puts a certificate on the list; `serial` is its DER INTEGER's content. The next list that is fetched has it. */
export async function revokeDevelopmentCertificate(
  folder: string,
  serial: Uint8Array,
  at: Date,
): Promise<void> {
  const { revoked: file } = developmentFiles(folder)
  const known = await readRevoked(file)
  const hex = Buffer.from(serial).toString('hex')
  if (known.some((entry) => entry.serial === hex)) return
  const all: Revoked = [...known, { serial: hex, date: at.toISOString() }]
  await writeDurably(file, JSON.stringify(all, null, 2))
}
