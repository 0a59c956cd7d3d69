import { z } from 'zod'
import { type LedgerEntry, ledgerKey, readEntry } from '../../purse/ledger.ts'
import { accountNamed } from './credit-view.ts'
import { operation } from './operation.ts'
import { addressSchema, timeSchema, untilSchema } from './schemas.ts'

export interface LedgerPage {
  readonly entries: readonly LedgerEntry[]
  /** Where the next page begins; undefined on the last. */
  readonly next: number | undefined
}

const PAGE = 500

/** The journal of an account, in order. A page may be short, or empty, and not the last. */
export const creditList = operation(
  z.strictObject({
    address: addressSchema,
    from: timeSchema.optional(),
    /** Before this. */
    to: untilSchema.optional(),
    after: z.number().int().nonnegative().default(0),
  }),
  async (
    parts,
    { address, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, after },
  ): Promise<LedgerPage> => {
    const account = await accountNamed(parts, { address })
    if (after === 0) await parts.purses.flush(account)
    const rows = await parts.store.ledger.list(ledgerKey(account, after), PAGE)
    const own = rows.filter(({ key }) => key.startsWith(`${account}/`)).map(readEntry)
    return {
      entries: own.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) < to),
      next: own.length < PAGE ? undefined : own.at(-1)?.seq,
    }
  },
)
