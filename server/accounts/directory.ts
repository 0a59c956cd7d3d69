import type { KepAccount, Person, StoredAccount } from '../../mail/account.ts'
import { accountAsOf } from '../../mail/account-state.ts'
import type { Clock } from '../../mail/clock.ts'
import type { HolderIdentity } from '../../mail/holder-identity.ts'
import { type KepAddress, parseKepAddress, reservedLocals } from '../../mail/kep-address.ts'
import type { Store } from '../../storage/port.ts'
import { AccountError } from './account-error.ts'
import { activated } from './lifecycle.ts'
import type { PasswordThread } from './password-thread.ts'
import { type NewPerson, withPassword, withPerson } from './persons.ts'
import type { ScramKeyMaker } from './scram-key-maker.ts'
import { makeStandardMailboxes } from './standard-mailboxes.ts'

export interface NewAccount {
  readonly address: string
  readonly kind: KepAccount['kind']
  readonly service: KepAccount['service']
  readonly holder: string
  readonly identity?: HolderIdentity | undefined
  /** Octets. */
  readonly quota: number
  readonly mayServe?: boolean | undefined
  /** Named at the application; others may follow. */
  readonly persons?: readonly NewPerson[] | undefined
  /** At once, where its contract is signed already. */
  readonly active?: boolean | undefined
}

/** Accounts as documents, changed by compare-and-set. Passwords are hashed here and leave nowhere. */
export class AccountDirectory {
  readonly #store: Store
  readonly #passwords: Pick<PasswordThread, 'hash'>
  readonly #domain: string
  readonly #clock: Clock
  readonly #scram: ScramKeyMaker | undefined

  /** @param scram undefined: no keys are kept beside passwords */
  constructor(
    store: Store,
    passwords: Pick<PasswordThread, 'hash'>,
    domain: string,
    clock: Clock,
    scram?: ScramKeyMaker | undefined,
  ) {
    this.#store = store
    this.#passwords = passwords
    this.#domain = domain
    this.#clock = clock
    this.#scram = scram
  }

  /** As it is now. */
  async get(address: string): Promise<KepAccount | undefined> {
    const row = await this.#store.accounts.get(address)
    return row && this.#asOfNow(row.document)
  }

  /** In order of address. */
  async list(after: string, limit: number): Promise<KepAccount[]> {
    return (await this.#store.accounts.list(after, limit)).map((row) => this.#asOfNow(row.document))
  }

  /**
   * Also where a former start was cut off between the account and its mailboxes: both are made if missing. An address that
   * was ever given stays taken, because accounts are closed and never deleted.
   */
  async create(account: NewAccount): Promise<KepAccount> {
    const { persons = [], active = false, identity, mayServe, ...rest } = account
    const kep = this.#ownAddress(account.address)
    const pending: StoredAccount = {
      ...rest,
      ...(identity === undefined ? {} : { identity }),
      ...(mayServe === undefined ? {} : { mayServe }),
      address: kep.address,
      state: 'pending',
      persons: [],
      created: this.#clock.now().toISOString(),
    }
    const named = persons.reduce((made, person) => withPerson(made, person), pending)
    const made = active ? activated(named) : named
    await makeStandardMailboxes(this.#store.mailboxes, kep.address)
    if (!(await this.#store.accounts.put(kep.address, JSON.stringify(made), 0)))
      throw new AccountError('ADDRESS_TAKEN', `${kep.address}: adres alınmış / the address is taken`)
    return accountAsOf(made, this.#clock.now())
  }

  /**
   * The operator's own box, for mail of peers to postmaster, abuse and the service address. It is nobody's account and
   * cannot send; persons are added to it like to any other.
   */
  async ensureOperatorBox(holder: string, quota: number): Promise<string> {
    const address = `postmaster@${this.#domain}`
    const made: StoredAccount = {
      address,
      kind: 'other',
      service: 'receive-only',
      holder,
      quota,
      state: 'active',
      persons: [],
      created: this.#clock.now().toISOString(),
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

  /** Of the only active person, where no handle is given. */
  async setPassword(address: string, handle: string | undefined, password: string): Promise<void> {
    const [passwordHash, scram] = await Promise.all([
      this.#passwords.hash(password),
      this.#scram?.make(address, password),
    ])
    await this.change(address, (account) => {
      const chosen = handle ?? onlyPerson(account)?.handle
      if (chosen === undefined)
        throw new AccountError('NO_SUCH_PERSON', `${account.address} has several persons: name one`)
      return withPassword(account, chosen, passwordHash, scram)
    })
  }

  /** By what the pure functions of lifecycle.ts and persons.ts make of it; they may be asked more than once. */
  async change(address: string, change: (account: StoredAccount) => StoredAccount): Promise<KepAccount> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const row = await this.#store.accounts.get(address.toLowerCase())
      if (row === undefined) throw new AccountError('NO_SUCH_ACCOUNT', `there is no account ${address}`)
      const changed = change(parseAccount(row.document))
      if (await this.#store.accounts.put(row.key, JSON.stringify(changed), row.version))
        return accountAsOf(changed, this.#clock.now())
    }
    throw new AccountError('CHANGED_MEANWHILE', `${address} is being changed by somebody else`)
  }

  #asOfNow(document: string): KepAccount {
    return accountAsOf(parseAccount(document), this.#clock.now())
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

/** Others may change the same account at the same time; so many of them at once is a fault. */
const MAX_ATTEMPTS = 5

/** The person meant where no handle is given. */
export function onlyPerson(account: Pick<StoredAccount, 'persons'>): Person | undefined {
  const active = account.persons.filter((person) => person.active)
  return active.length === 1 ? active[0] : undefined
}

/** What the store keeps of an account. */
export const parseAccount = (document: string): StoredAccount => JSON.parse(document)
