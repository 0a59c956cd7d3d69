import type { KepAccount } from '../../../mail/account.ts'

export interface AccountView extends Omit<KepAccount, 'persons'> {
  readonly persons: readonly PersonView[]
}

export interface PersonView {
  readonly handle: string
  readonly name: string
  readonly identityNumber: string
  readonly active: boolean
  readonly permissions: readonly string[]
  readonly hasPassword: boolean
}

/** What operators see of an account: everything but what the password was turned into. */
export const viewOf = ({ persons, ...account }: KepAccount): AccountView => ({
  ...account,
  persons: persons.map(({ passwordHash, ...person }) => ({
    ...person,
    hasPassword: passwordHash !== undefined,
  })),
})
