import { z } from 'zod'
import type { KepAccount } from '../../../mail/account.ts'
import { operation } from './operation.ts'

export interface AccountLine extends Pick<KepAccount, 'address' | 'kind' | 'service' | 'state' | 'holder'> {
  readonly persons: number
}

export interface AccountPage {
  readonly accounts: readonly AccountLine[]
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined
}

const PAGE = 500

/** In order of address. */
export const accountList = operation(
  z.strictObject({
    after: z.string().max(254).default(''),
    limit: z.number().int().min(1).max(PAGE).default(PAGE),
  }),
  async ({ directory }, { after, limit }): Promise<AccountPage> => {
    const accounts = await directory.list(after, limit)
    return {
      accounts: accounts.map(({ address, kind, service, state, holder, persons }) => ({
        address,
        kind,
        service,
        state,
        holder,
        persons: persons.length,
      })),
      next: accounts.length < limit ? undefined : accounts.at(-1)?.address,
    }
  },
)
