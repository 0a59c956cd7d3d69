import { type KepAccount, PERMISSIONS, type Permission, type Person } from '../../mail/account.ts'
import { type KepAddress, parseKepAddress, reservedLocals } from '../../mail/kep-address.ts'
import type { Store } from '../../storage/port.ts'
import type { PasswordThread } from './password-thread.ts'
import { makeStandardMailboxes } from './standard-mailboxes.ts'

export type AccountFault =
  | 'NOT_A_KEP_ADDRESS'
  | 'FOREIGN_DOMAIN'
  | 'RESERVED_ADDRESS'
  | 'ADDRESS_TAKEN'
  | 'NO_SUCH_ACCOUNT'
  | 'NO_SUCH_PERSON'
  | 'HANDLE_TAKEN'
  | 'BAD_HANDLE'
  | 'BAD_IDENTITY_NUMBER'
  | 'CHANGED_MEANWHILE'

export class AccountError extends Error {
  readonly code: AccountFault
  constructor(code: AccountFault, message: string) {
    super(message)
    this.name = 'AccountError'
    this.code = code
  }
}

export interface NewAccount {
  readonly address: string
  readonly kind: KepAccount['kind']
  readonly service: KepAccount['service']
  readonly holder: string
  /** Octets. */
  readonly quota: number
}

export interface NewPerson {
  readonly handle: string
  readonly name: string
  readonly identityNumber: string
}

/** Accounts as documents, changed by compare-and-set. Passwords are hashed here and leave nowhere. */
export class AccountDirectory {
  readonly #store: Store
  readonly #passwords: PasswordThread
  readonly #domain: string

  constructor(store: Store, passwords: PasswordThread, domain: string) {
    this.#store = store
    this.#passwords = passwords
    this.#domain = domain
  }

  async get(address: string): Promise<KepAccount | undefined> {
    const row = await this.#store.accounts.get(address)
    return row && parseAccount(row.document)
  }

  /** In order of address. */
  async list(after: string, limit: number): Promise<KepAccount[]> {
    return (await this.#store.accounts.list(after, limit)).map((row) => parseAccount(row.document))
  }

  /** Also where a former start was cut off between the account and its mailboxes: both are made if missing. */
  async create(account: NewAccount, at: Date): Promise<KepAccount> {
    const kep = this.#ownAddress(account.address)
    const made: KepAccount = {
      ...account,
      address: kep.address,
      state: 'active',
      persons: [],
      created: at.toISOString(),
    }
    await makeStandardMailboxes(this.#store.mailboxes, kep.address)
    if (!(await this.#store.accounts.put(kep.address, JSON.stringify(made), 0)))
      throw new AccountError('ADDRESS_TAKEN', `${kep.address} is taken`)
    return made
  }

  /**
   * The operator's own box, for mail of peers to postmaster, abuse and the service address. It is nobody's account and
   * cannot send; persons are added to it like to any other.
   */
  async ensureOperatorBox(holder: string, quota: number, at: Date): Promise<string> {
    const address = `postmaster@${this.#domain}`
    const made: KepAccount = {
      address,
      kind: 'other',
      service: 'receive-only',
      holder,
      quota,
      state: 'active',
      persons: [],
      created: at.toISOString(),
    }
    await makeStandardMailboxes(this.#store.mailboxes, address)
    await this.#store.accounts.put(address, JSON.stringify(made), 0) // false where it is there already
    return address
  }

  /**
   * The account that a peer's dispatch to this address is for: the operator's box for the service address and those that
   * every domain has. [RFC 2142 §5]
   */
  receiving(address: string, serviceAddress: string): Promise<KepAccount | undefined> {
    const kep = parseKepAddress(address)
    const isOperators =
      address === serviceAddress.toLowerCase() ||
      (kep?.domain === this.#domain && reservedLocals.has(kep.local))
    return this.get(isOperators ? `postmaster@${this.#domain}` : address)
  }

  addPerson(address: string, person: NewPerson): Promise<KepAccount> {
    if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(person.handle))
      throw new AccountError('BAD_HANDLE', 'a handle has lower-case letters, digits, dot, hyphen; at most 63')
    if (!/^[0-9]{11}$/.test(person.identityNumber))
      throw new AccountError('BAD_IDENTITY_NUMBER', 'an identity number has 11 digits')
    const permissions: readonly Permission[] = PERMISSIONS
    return this.#change(address, (account) => {
      if (account.persons.some(({ handle }) => handle === person.handle))
        throw new AccountError('HANDLE_TAKEN', `${account.address} has a person ${person.handle}`)
      return { ...account, persons: [...account.persons, { ...person, active: true, permissions }] }
    })
  }

  async setPassword(address: string, handle: string | undefined, password: string): Promise<void> {
    const passwordHash = await this.#passwords.hash(password)
    await this.#change(address, (account) => {
      const chosen = handle ?? onlyPerson(account)?.handle
      if (!account.persons.some((person) => person.handle === chosen))
        throw new AccountError(
          'NO_SUCH_PERSON',
          `${account.address} has no person ${handle ?? '(name one of several)'}`,
        )
      return {
        ...account,
        persons: account.persons.map((person) =>
          person.handle === chosen ? { ...person, passwordHash } : person,
        ),
      }
    })
  }

  async #change(address: string, change: (account: KepAccount) => KepAccount): Promise<KepAccount> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const row = await this.#store.accounts.get(address.toLowerCase())
      if (row === undefined) throw new AccountError('NO_SUCH_ACCOUNT', `there is no account ${address}`)
      const changed = change(parseAccount(row.document))
      if (await this.#store.accounts.put(row.key, JSON.stringify(changed), row.version)) return changed
    }
    throw new AccountError('CHANGED_MEANWHILE', `${address} is being changed by somebody else`)
  }

  #ownAddress(address: string): KepAddress {
    const kep = parseKepAddress(address)
    if (kep === undefined)
      throw new AccountError('NOT_A_KEP_ADDRESS', `${address} is not of the form name@hsNN.kep.tr`)
    if (kep.provider !== this.#domain)
      throw new AccountError('FOREIGN_DOMAIN', `${address} is not under ${this.#domain}`)
    if (reservedLocals.has(kep.local))
      throw new AccountError('RESERVED_ADDRESS', `${kep.local}@ is never allotted`)
    return kep
  }
}

/** The person meant where no handle is given. */
export function onlyPerson(account: KepAccount): Person | undefined {
  const active = account.persons.filter((person) => person.active)
  return active.length === 1 ? active[0] : undefined
}

/** What the store keeps of an account. */
export const parseAccount = (document: string): KepAccount => JSON.parse(document)
