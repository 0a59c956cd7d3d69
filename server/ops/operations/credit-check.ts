import { z } from 'zod'
import { type BooksReport, checkBooks } from '../../purse/check-books.ts'
import { accountNamed } from './credit-view.ts'
import { operation } from './operation.ts'
import { addressSchema } from './schemas.ts'

export interface CreditReport {
  readonly ok: boolean
  readonly accounts: number
  readonly entries: number
  /** Messages whose outcome is not known yet. */
  readonly open: number
  /** At most {@link MAX_BROKEN}. */
  readonly broken: readonly BooksReport[]
}

const MAX_BROKEN = 20
const PAGE = 100

/** Adds up the books of one account, or of all. */
export const creditCheck = operation(
  z.strictObject({ address: addressSchema.optional() }),
  async (parts, { address }, progress): Promise<CreditReport> => {
    const { store } = parts
    const report = { ok: true, accounts: 0, entries: 0, open: 0, broken: [] as BooksReport[] }
    const check = async (account: string): Promise<void> => {
      const books = await checkBooks(store, account)
      report.ok &&= books.ok
      report.accounts++
      report.entries += books.entries
      report.open += books.open
      if (!books.ok && report.broken.length < MAX_BROKEN) report.broken.push(books)
      progress({ done: report.accounts, of: undefined })
    }
    if (address !== undefined) {
      await check(await accountNamed(parts, { address }))
      return report
    }
    for (let after = ''; ; ) {
      const page = await store.purses.list(after, PAGE)
      for (const { key } of page) await check(key)
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return report
      after = last.key
    }
  },
)
