import { open, readFile } from 'node:fs/promises'
import { z } from 'zod'
import { StoreError } from '../port.ts'

export const MANIFEST = 'manifest.json'
export const RECORDS = 'records'
export const BODIES = 'bodies'
/** What the wrapped keys are for. */
export const RECORDS_KEY = 'backup records'
export const BODIES_KEY = 'backup bodies'

const file = z.strictObject({
  size: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

const manifest = z.strictObject({
  /** Of the backup as a whole; a program that does not know it says so. */
  format: z.literal(1),
  madeAt: z.iso.datetime(),
  /** How many records of each kind. */
  counts: z.record(z.string(), z.number().int().positive()),
  /** Blobs whose last keeper let go while the backup was made: messages that were deleted meanwhile have no body in it. */
  gone: z.number().int().nonnegative(),
  records: file,
  bodies: file,
  /** Where both files are sealed: the store key that is needed, and their own keys wrapped under it. */
  sealed: z.strictObject({ under: z.string(), recordsKey: z.base64(), bodiesKey: z.base64() }).optional(),
})
export type Manifest = z.output<typeof manifest>

export async function writeManifest(path: string, written: Manifest): Promise<void> {
  await using handle = await open(path, 'wx', 0o600)
  await handle.writeFile(`${JSON.stringify(written, undefined, 2)}\n`)
  await handle.sync()
}

/** Rejects with CORRUPT where it is not there or not one that we know: then the folder is no whole backup. */
export async function readManifest(path: string): Promise<Manifest> {
  let parsed: unknown
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new StoreError('CORRUPT', `${path} cannot be read: this folder is no whole backup`, { cause })
  }
  const read = manifest.safeParse(parsed)
  if (!read.success)
    throw new StoreError(
      'CORRUPT',
      `${path} is not a manifest that this program knows: ${z.prettifyError(read.error)}`,
    )
  return read.data
}
