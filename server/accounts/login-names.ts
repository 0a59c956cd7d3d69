import type { KepAccount, Person } from '../../mail/account.ts'
import { onlyPerson } from './directory.ts'

/** Who wants to log in, in the client's words. */
export interface LoginNames {
  /** `address`, `address/handle`, or with `authzid` the person alone. */
  readonly name: string
  /** The account to act for; may be empty. [RFC 4616 §2] */
  readonly authzid: string
}

/** In lower case; no handle where none is named. */
export function namesOf({ name, authzid }: LoginNames): [address: string, handle: string | undefined] {
  if (authzid !== '' && authzid !== name) return [authzid.toLowerCase(), name.toLowerCase()]
  const slash = name.indexOf('/')
  return slash < 0
    ? [name.toLowerCase(), undefined]
    : [name.slice(0, slash).toLowerCase(), name.slice(slash + 1).toLowerCase()]
}

/** undefined also where several could be meant. */
export const personOf = (account: KepAccount, handle: string | undefined): Person | undefined =>
  handle === undefined
    ? onlyPerson(account)
    : account.persons.find((person) => person.active && person.handle === handle)

/** Whether a name that a client gives is of this person, or of the account alone. */
export function isCalled(
  name: string,
  { address, person }: { readonly address: string; readonly person: Person },
): boolean {
  const [named, handle] = namesOf({ name, authzid: '' })
  return named === address && (handle === undefined || handle === person.handle)
}
