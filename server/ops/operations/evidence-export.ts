import type { ChainEntry } from '../../../storage/port.ts'
import { EVIDENCE_CHAIN } from '../../archive/chain-archive.ts'
import { definedOnly, evidenceFilterSchema, nextAfter } from './evidence-list.ts'
import { OperationError, operation } from './operation.ts'
import { idSchema } from './schemas.ts'

export interface ExportPage {
  readonly files: readonly {
    /** Safe as a file name: made of the sequence number and the letters of the id. */
    readonly name: string
    /** The archive's octets, unchanged, in base64. */
    readonly octets: string
  }[]
  readonly next: number | undefined
}

/** At some 15 KiB each a page stays far below what one answer may have. */
const PAGE = 50

/**
 * A page of the archive as files. The caller writes them, with the caller's rights: the daemon opens no path that
 * somebody names to it.
 */
export const evidenceExport = operation(
  evidenceFilterSchema.extend({ id: idSchema.optional() }),
  async ({ store }, { id, after, ...filter }): Promise<ExportPage> => {
    if (id !== undefined) {
      const entry = await store.chain.find(EVIDENCE_CHAIN, id)
      if (entry === undefined) throw new OperationError('NOT_FOUND', `there is no evidence ${id}`)
      return { files: [fileOf(entry)], next: undefined }
    }
    const entries = await store.chain.list(EVIDENCE_CHAIN, definedOnly(filter), after, PAGE)
    return { files: entries.map(fileOf), next: nextAfter(entries, PAGE) }
  },
)

const fileOf = ({ seq, eventId, bytes }: ChainEntry): ExportPage['files'][number] => ({
  name: `${String(seq).padStart(8, '0')}-${eventId.replace(/[^A-Za-z0-9-]/g, '_')}.xml`,
  octets: Buffer.from(bytes).toString('base64'),
})
