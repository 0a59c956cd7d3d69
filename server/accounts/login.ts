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
  readonly #failures = new Map<string, { count: number; since: number }>()
  /** The end of the latest check for each network and account. */
  readonly #turns = new Map<string, Promise<void>>()
  #waiting = 0

  constructor(directory: AccountDirectory, passwords: PasswordThread, clock: Clock) {
    this.#directory = directory
    this.#passwords = passwords
    this.#clock = clock
  }

  /**
   * One after another for each network and account: each is judged knowing how the one before it ended, so a burst of
   * guesses gains nothing, and a client that opens twenty connections at once is served. Hashing is serial anyway.
   */
  async check(attempt: LoginAttempt): Promise<LoginResult> {
    const [address, handle] = namesOf(attempt)
    const network = networkOf(attempt.ip)
    const pair = `${network} ${address.slice(0, MAX_NAME)}`
    if (this.#isDelayed(pair, network) || this.#waiting >= MAX_WAITING)
      return { ok: false, reason: 'delayed' }
    const before = this.#turns.get(pair)
    const { promise: turn, resolve: done } = Promise.withResolvers<void>()
    this.#turns.set(pair, turn)
    this.#waiting++
    try {
      await before
      if (this.#isDelayed(pair, network)) return { ok: false, reason: 'delayed' }
      const result = await this.#judge(attempt, address, handle)
      if (result.ok) this.#failures.delete(pair)
      else if (result.reason === 'wrong') for (const source of [pair, network]) this.#countFailure(source)
      return result
    } finally {
      this.#waiting--
      if (this.#turns.get(pair) === turn) this.#turns.delete(pair)
      done()
    }
  }

  async #judge(attempt: LoginAttempt, address: string, handle: string | undefined): Promise<LoginResult> {
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
    const at = this.#clock.now().getTime()
    const login: Login = { account: address, handle: person.handle, at, method: 'password', ip: attempt.ip }
    return { ok: true, login, account, person }
  }

  /** Account and person as they are now; undefined where the login would not be good any more. */
  async refresh(login: Login): Promise<{ account: KepAccount; person: Person } | undefined> {
    return loginAsOf(await this.#directory.get(login.account), login.handle)
  }

  #isDelayed(pair: string, network: string): boolean {
    return this.#failuresOf(pair) >= MAX_FAILURES || this.#failuresOf(network) >= MAX_NETWORK_FAILURES
  }

  /** Within the window. */
  #failuresOf(source: string): number {
    const known = this.#failures.get(source)
    return known === undefined || this.#clock.monotonic() - known.since >= WINDOW_MS ? 0 : known.count
  }

  #countFailure(source: string): void {
    const count = this.#failuresOf(source) + 1
    const since = count === 1 ? this.#clock.monotonic() : (this.#failures.get(source)?.since ?? 0)
    this.#failures.delete(source)
    this.#failures.set(source, { count, since })
    const oldest = this.#failures.keys().next().value
    if (this.#failures.size > MAX_REMEMBERED && oldest !== undefined) this.#failures.delete(oldest)
  }
}

/** Logins that wait for their turn, over all accounts; more is a flood. */
const MAX_WAITING = 1_000
/** Names are kept as keys: what is longer is nobody's. */
const MAX_NAME = 320

/** The person within the account as it is now; undefined where neither may be logged in any more. */
export function loginAsOf(
  account: KepAccount | undefined,
  handle: string,
): { account: KepAccount; person: Person } | undefined {
  const person = account?.persons.find((one) => one.active && one.handle === handle)
  return account === undefined || person === undefined || !mayLogIn(account) ? undefined : { account, person }
}

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
