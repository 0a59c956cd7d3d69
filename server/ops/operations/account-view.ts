import type { KepAccount, Person } from '../../../mail/account.ts'

export interface AccountView extends Omit<KepAccount, 'persons' | 'changesAt'> {
  readonly persons: readonly PersonView[]
}

export interface PersonView extends Omit<Person, 'passwordHash'> {
  readonly hasPassword: boolean
}

/** What operators see of an account: everything but what the password was turned into. */
export const viewOf = ({ persons, changesAt: _, ...account }: KepAccount): AccountView => ({
  ...account,
  persons: persons.map(({ passwordHash, ...person }) => ({
    ...person,
    hasPassword: passwordHash !== undefined,
  })),
})
