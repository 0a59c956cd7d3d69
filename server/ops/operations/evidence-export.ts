import { z } from 'zod'
import { LongTermError } from '../../../evidence/index.ts'
import type { ChainEntry } from '../../../storage/port.ts'
import { EVIDENCE_CHAIN } from '../../archive/chain-archive.ts'
import { LongTermCopies } from '../../archive/long-term.ts'
import { validatedBy } from '../../archive/validation-data.ts'
import { definedOnly, evidenceFilterSchema, nextAfter } from './evidence-list.ts'
import { OperationError, operation } from './operation.ts'
import { idSchema } from './schemas.ts'

export interface ExportPage {
  readonly files: readonly {
    /** Safe as a file name: made of the sequence number and the letters of the id. */
    readonly name: string
    /** The archive's octets, unchanged, in base64; of an LT copy with the validation data inside. */
    readonly octets: string
  }[]
  readonly next: number | undefined
}

/** At some 15 KiB each a page stays far below what one answer may have. */
const PAGE = 50
/** Revocation lists have up to megabytes, so that a page of LT copies ends with the one that reaches this. */
const LONG_TERM_PAGE_OCTETS = 2 * 1024 * 1024

/**
 * A page of the archive as files. The caller writes them, with the caller's rights: the daemon opens no path that
 * somebody names to it.
 */
export const evidenceExport = operation(
  evidenceFilterSchema.extend({ id: idSchema.optional(), longTerm: z.boolean().default(false) }),
  async ({ store }, { id, after, longTerm, ...filter }): Promise<ExportPage> => {
    const entries: ChainEntry[] = []
    if (id !== undefined) {
      const entry = await store.chain.find(EVIDENCE_CHAIN, id)
      if (entry === undefined) throw new OperationError('NOT_FOUND', `there is no evidence ${id}`)
      entries.push(entry)
    } else entries.push(...(await store.chain.list(EVIDENCE_CHAIN, definedOnly(filter), after, PAGE)))
    const next = id === undefined ? nextAfter(entries, PAGE) : undefined
    if (!longTerm) return { files: entries.map((entry) => fileOf(entry, entry.bytes, 'xml')), next }
    return await longTermPage(entries, next, new LongTermCopies(store))
  },
)

async function longTermPage(
  entries: readonly ChainEntry[],
  next: number | undefined,
  copies: LongTermCopies,
): Promise<ExportPage> {
  const files: ExportPage['files'][number][] = []
  let octets = 0
  for (const entry of entries) {
    const copy = await longTermOf(entry, copies)
    files.push(fileOf(entry, copy, 'lt.xml'))
    octets += copy.length
    if (octets >= LONG_TERM_PAGE_OCTETS && entry !== entries.at(-1)) return { files, next: entry.seq }
  }
  return { files, next }
}

async function longTermOf(entry: ChainEntry, copies: LongTermCopies): Promise<Uint8Array> {
  try {
    const copy = await copies.of(entry)
    if (copy !== undefined) return copy
  } catch (error) {
    if (!(error instanceof LongTermError)) throw error
    throw new OperationError(error.code, `evidence ${entry.seq} <${entry.eventId}>: ${error.message}`)
  }
  const by = validatedBy(entry.at).toISOString()
  throw new OperationError(
    'NO_VALIDATION_DATA',
    `evidence ${entry.seq} <${entry.eventId}> has no validation data yet; it will be there by ${by}`,
  )
}

const fileOf = (
  { seq, eventId }: ChainEntry,
  octets: Uint8Array,
  ending: 'xml' | 'lt.xml',
): ExportPage['files'][number] => ({
  name: `${String(seq).padStart(8, '0')}-${eventId.replace(/[^A-Za-z0-9-]/g, '_')}.${ending}`,
  octets: Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64'),
})
