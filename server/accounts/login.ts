import type { KepAccount, Login, Person } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import { networkOf } from '../connection-census.ts'
import { type AccountDirectory, onlyPerson } from './directory.ts'
import { NOBODY } from './password-hash.ts'
import { type PasswordThread, TooManyLogins } from './password-thread.ts'

export type LoginResult =
  | { readonly ok: true; readonly login: Login; readonly account: KepAccount; readonly person: Person }
  | { readonly ok: false; readonly reason: 'wrong' | 'delayed' }

export interface LoginAttempt {
  /** `address`, `address/handle`, or with `authzid` the person alone. */
  readonly name: string
  /** The account to act for. [RFC 4616 §2] */
  readonly authzid: string
  readonly password: string
  readonly ip: string
}

/** Wrong passwords for one account from one network, before it waits; a person mistypes less often. */
const MAX_FAILURES = 10
/** Wrong passwords from one network for any account. Many people may sit behind one address. */
const MAX_NETWORK_FAILURES = 100
const WINDOW_MS = 15 * 60_000
/** Sources remembered; an attacker with more networks than this is slowed by hashing alone. */
const MAX_REMEMBERED = 50_000

/**
 * Checks one login against one person's secret; unknown names cost the same as known ones. Who guesses is slowed by
 * network and account together, so that nobody can lock an account's owner out from elsewhere.
 */
export class LoginDesk {
  readonly #directory: AccountDirectory
  readonly #passwords: PasswordThread
  readonly #clock: Clock
  readonly #attempts = new Map<string, { count: number; since: number }>()

  constructor(directory: AccountDirectory, passwords: PasswordThread, clock: Clock) {
    this.#directory = directory
    this.#passwords = passwords
    this.#clock = clock
  }

  async check(attempt: LoginAttempt): Promise<LoginResult> {
    const [address, handle] = namesOf(attempt)
    const network = networkOf(attempt.ip)
    const pair = `${network} ${address.slice(0, MAX_NAME)}`
    // Counted before the answer is known, or a burst would be judged whole before the first failure counts.
    if (!this.#take(pair, MAX_FAILURES) || !this.#take(network, MAX_NETWORK_FAILURES))
      return { ok: false, reason: 'delayed' }
    const account = await this.#directory.get(address)
    const person = account === undefined ? undefined : personOf(account, handle)
    let matches: boolean
    try {
      matches = await this.#passwords.matches(attempt.password, person?.passwordHash ?? NOBODY)
    } catch (error) {
      if (error instanceof TooManyLogins) return { ok: false, reason: 'delayed' }
      throw error
    }
    if (!matches || account === undefined || person === undefined || !mayLogIn(account))
      return { ok: false, reason: 'wrong' }
    this.#attempts.delete(pair)
    this.#giveBack(network)
    const at = this.#clock.now().getTime()
    const login: Login = { account: address, handle: person.handle, at, method: 'password', ip: attempt.ip }
    return { ok: true, login, account, person }
  }

  /** Account and person as they are now; undefined where the login would not be good any more. */
  async refresh(login: Login): Promise<{ account: KepAccount; person: Person } | undefined> {
    const account = await this.#directory.get(login.account)
    const person = account?.persons.find((one) => one.active && one.handle === login.handle)
    return account === undefined || person === undefined || !mayLogIn(account)
      ? undefined
      : { account, person }
  }

  /** False where the source has no attempts left in this window. */
  #take(source: string, most: number): boolean {
    const now = this.#clock.monotonic()
    const known = this.#attempts.get(source)
    const fresh = known === undefined || now - known.since >= WINDOW_MS
    const count = fresh ? 1 : known.count + 1
    if (count > most) return false
    this.#attempts.delete(source)
    this.#attempts.set(source, { count, since: fresh ? now : known.since })
    const oldest = this.#attempts.keys().next().value
    if (this.#attempts.size > MAX_REMEMBERED && oldest !== undefined) this.#attempts.delete(oldest)
    return true
  }

  #giveBack(source: string): void {
    const known = this.#attempts.get(source)
    if (known !== undefined) known.count--
  }
}

/** Names are kept as keys: what is longer is nobody's. */
const MAX_NAME = 320

/** Closed accounts stay readable; pending and locked ones are shut. */
const mayLogIn = (account: KepAccount): boolean => account.state === 'active' || account.state === 'closed'

function namesOf({ name, authzid }: LoginAttempt): [address: string, handle: string | undefined] {
  if (authzid !== '' && authzid !== name) return [authzid.toLowerCase(), name.toLowerCase()]
  const slash = name.indexOf('/')
  return slash < 0
    ? [name.toLowerCase(), undefined]
    : [name.slice(0, slash).toLowerCase(), name.slice(slash + 1).toLowerCase()]
}

const personOf = (account: KepAccount, handle: string | undefined): Person | undefined =>
  handle === undefined
    ? onlyPerson(account)
    : account.persons.find((person) => person.active && person.handle === handle)
