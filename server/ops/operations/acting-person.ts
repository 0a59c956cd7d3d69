import { may, type Permission, type StoredAccount } from '../../../mail/account.ts'
import { AccountError } from '../../accounts/account-error.ts'

/** Where a person of the account asks, that person has the right; operators may do everything. */
export function requireRight(
  account: Pick<StoredAccount, 'address' | 'persons'>,
  by: string | undefined,
  right: Permission,
): void {
  if (by === undefined) return
  const person = account.persons.find((one) => one.handle === by)
  if (person === undefined) throw new AccountError('NO_SUCH_PERSON', `${account.address} has no person ${by}`)
  if (!may(person, right))
    throw new AccountError(
      'MAY_NOT_GRANT',
      `${account.address}: ${by} bunu yapamaz / may not do this (${right})`,
    )
}
