import { z } from 'zod'
import { providerDomain } from '../../../config/values.ts'
import { beginImport, endImport, type LineFault, takeLines } from '../../listings/import.ts'
import { MAX_LINE_OCTETS } from '../../listings/lines.ts'
import { ListingError } from '../../listings/listing-error.ts'
import { change } from './operation.ts'

/** So many fit into a request only where they are short; who sends them counts. */
const MAX_LINES = 1000

export interface ImportStep {
  /** To be named with the next lines. */
  readonly run: string
  readonly taken: number
  readonly faults: readonly LineFault[]
  /** Entries that did not come with this import, taken away at its end. */
  readonly removed: number
}

/**
 * A step of the import of a provider's directory: the first, without a run, begins one; the last says that it is the end.
 * The caller reads the file: the daemon opens no path that somebody names to it.
 */
export const directoryImport = change(
  'directory import',
  z.strictObject({
    provider: providerDomain,
    run: z.string().max(100).optional(),
    lines: z
      .array(
        z.strictObject({
          number: z.number().int().positive(),
          /** Absent where the line is too long or cannot be read. */
          text: z.string().max(MAX_LINE_OCTETS).optional(),
        }),
      )
      .max(MAX_LINES),
    end: z.boolean().default(false),
  }),
  ({ provider, lines, end }) => ({ details: { provider, lines: lines.length, end } }),
  async (
    { store, listings, domain },
    { provider, run: named, lines, end },
    progress,
  ): Promise<ImportStep> => {
    const parts = { store, listings, domain }
    if (listings.settings.sources.some((source) => source.provider === provider))
      throw new ListingError(
        'CONFIGURED',
        `${provider} stands in the configuration file: change its file there, then run kepctl reload`,
      )
    const run = named ?? (await beginImport(parts, provider))
    const read = lines.map(({ number, text }) => ({ number, text }))
    const { taken, faults } = await takeLines(parts, provider, run, read)
    const removed = end
      ? await endImport(parts, provider, run, (done) => progress({ done, of: undefined }))
      : 0
    return { run, taken, faults, removed }
  },
)
