import { networkOf } from '../../config/values.ts'
import {
  may,
  PERMISSIONS,
  type Permission,
  type Person,
  type ScramKeys,
  type StoredAccount,
} from '../../mail/account.ts'
import { isCitizenNumber } from '../../mail/holder-identity.ts'
import { AccountError } from './account-error.ts'

export interface NewPerson {
  readonly handle: string
  readonly name: string
  readonly identityNumber: string
  /** All of them where it is not said. */
  readonly permissions?: readonly Permission[] | undefined
}

/** Networks that one person may be bound to; more is a mistake. */
const MAX_NETWORKS = 50
/** A provider may allow fewer; beyond this a row grows too large for what is read at every login. */
const MAX_PERSONS = 200

/**
 * Adds an işlem yetkilisi. A natural person uses the account alone. `by`: the person of the account who asks for it, where
 * it is not the operator.
 */
export function withPerson(account: StoredAccount, person: NewPerson, by?: string): StoredAccount {
  const { handle, name, identityNumber } = person
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(handle))
    throw new AccountError('BAD_HANDLE', 'a handle has lower-case letters, digits, dot, hyphen; at most 63')
  if (!isCitizenNumber(identityNumber))
    throw new AccountError(
      'BAD_IDENTITY_NUMBER',
      'T.C. Kimlik No 11 haneli ve geçerli olmalı / an identity number has 11 digits whose check digits fit',
    )
  if (account.persons.some((one) => one.handle === handle))
    throw new AccountError('HANDLE_TAKEN', `${account.address} has a person ${handle}`)
  if (account.persons.some((one) => one.identityNumber === identityNumber))
    throw new AccountError(
      'PERSON_EXISTS',
      `${account.address}: bu kişi zaten yetkili / this person is there already`,
    )
  if (account.kind === 'natural' && account.persons.length > 0)
    throw new AccountError(
      'ONE_PERSON_ONLY',
      `${account.address}: gerçek kişinin hesabını yalnız kendisi kullanır / a natural person uses the account alone`,
    )
  const { identity } = account
  const isOwn = identity === undefined || identity.type === 'passport' || identity.number === identityNumber
  if (account.kind === 'natural' && !isOwn)
    throw new AccountError(
      'OTHER_PERSON',
      `${account.address}: gerçek kişinin hesabını başkası kullanamaz / nobody else uses a natural person’s account`,
    )
  if (account.persons.length >= MAX_PERSONS)
    throw new AccountError('WRONG_STATE', `${account.address} has ${MAX_PERSONS} persons already`)
  const permissions = person.permissions ?? PERMISSIONS
  requireMayGrant(account, permissions, by)
  const added: Person = {
    handle,
    name,
    identityNumber,
    active: true,
    permissions: ordered(permissions),
    ...(by === undefined ? {} : { grantedBy: by }),
  }
  return { ...account, persons: [...account.persons, added] }
}

/** The rights of a person from now on. */
export function withPermissions(
  account: StoredAccount,
  handle: string,
  permissions: readonly Permission[],
  by?: string,
): StoredAccount {
  const before = personOf(account, handle).permissions
  const changed = PERMISSIONS.filter((one) => before.includes(one) !== permissions.includes(one))
  requireMayGrant(account, changed, by)
  return ledBySomebody(
    changePerson(account, handle, (person) => ({ ...person, permissions: ordered(permissions) })),
    by,
  )
}

/** Persons among themselves leave somebody who can add others; the operator may do anything. */
function ledBySomebody(account: StoredAccount, by: string | undefined): StoredAccount {
  if (by === undefined || account.persons.some((person) => may(person, 'general'))) return account
  throw new AccountError(
    'LAST_PERSON',
    `${account.address}: en az bir genel yetkili kalmalı / somebody with the right 'general' stays`,
  )
}

/** Pasif, and back. Of an account that is not pending somebody stays active. */
export function withActive(
  account: StoredAccount,
  handle: string,
  active: boolean,
  by?: string,
): StoredAccount {
  if (by !== undefined && !may(personOf(account, by), 'deactivate')) throw mayNotGrant(account, by)
  const changed = changePerson(account, handle, (person) => ({ ...person, active }))
  if (changed.state !== 'pending' && !changed.persons.some((person) => person.active))
    throw new AccountError(
      'LAST_PERSON',
      `${account.address}: en az bir işlem yetkilisi aktif kalmalı / at least one person stays active`,
    )
  return ledBySomebody(changed, by)
}

/** IP Kısıtlama; none takes the restriction away. */
export function withNetworks(
  account: StoredAccount,
  handle: string,
  networks: readonly string[],
): StoredAccount {
  if (networks.length > MAX_NETWORKS || networks.some((network) => networkOf(network) === undefined))
    throw new AccountError('BAD_NETWORK', `expected at most ${MAX_NETWORKS} of ADDRESS or ADDRESS/BITS`)
  return changePerson(account, handle, ({ networks: _, ...person }) =>
    networks.length === 0 ? person : { ...person, networks },
  )
}

/** Both are of one password: keys of the one before go with it. */
export const withPassword = (
  account: StoredAccount,
  handle: string,
  passwordHash: string,
  scram: ScramKeys | undefined,
): StoredAccount =>
  changePerson(account, handle, ({ scram: _, ...person }) => ({
    ...person,
    passwordHash,
    ...(scram && { scram }),
  }))

export function changePerson(
  account: StoredAccount,
  handle: string,
  change: (person: Person) => Person,
): StoredAccount {
  personOf(account, handle)
  return {
    ...account,
    persons: account.persons.map((person) => (person.handle === handle ? change(person) : person)),
  }
}

function personOf(account: StoredAccount, handle: string): Person {
  const person = account.persons.find((one) => one.handle === handle)
  if (person === undefined)
    throw new AccountError('NO_SUCH_PERSON', `${account.address} has no person ${handle}`)
  return person
}

/** Who gives or takes rights has them all, and the right to do so; the operator may do everything. */
function requireMayGrant(
  account: StoredAccount,
  permissions: readonly Permission[],
  by: string | undefined,
): void {
  if (by === undefined) return
  const granting = personOf(account, by)
  if (!may(granting, 'general') || !permissions.every((one) => may(granting, one)))
    throw mayNotGrant(account, by)
}

const mayNotGrant = (account: StoredAccount, by: string): AccountError =>
  new AccountError(
    'MAY_NOT_GRANT',
    `${account.address}: ${by} bu yetkiyi veremez / may not give or take this right`,
  )

const ordered = (permissions: readonly Permission[]): Permission[] =>
  PERMISSIONS.filter((one) => permissions.includes(one))
