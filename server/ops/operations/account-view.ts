import type { KepAccount, Person } from '../../../mail/account.ts'

export interface AccountView extends Omit<KepAccount, 'persons' | 'changesAt'> {
  readonly persons: readonly PersonView[]
}

export interface PersonView extends Omit<Person, 'passwordHash' | 'scram'> {
  readonly hasPassword: boolean
}

/** What operators see of an account: everything but what the password was turned into. */
export const viewOf = ({ persons, changesAt: _, ...account }: KepAccount): AccountView => ({
  ...account,
  persons: persons.map(({ passwordHash, scram: _, ...person }) => ({
    ...person,
    hasPassword: passwordHash !== undefined,
  })),
})
