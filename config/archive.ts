import { z } from 'zod'
import { span } from './values.ts'

export const archive = z
  .strictObject({
    /**
     * The digest of seals. What was sealed by another one is read and digested anew at the next look: change it before the old
     * one is broken, since what rests on a broken digest proves nothing.
     */
    hash: z.enum(['sha256', 'sha384', 'sha512']).default('sha256'),
    /** Seals get a further time-stamp so long before the first certificate behind their last one runs out. */
    renewBefore: span.default(90 * 24 * 3_600_000),
  })
  .prefault({})
