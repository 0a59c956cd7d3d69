import type { KepAccount, Login, Person } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
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

/** Wrong passwords per source or account before everyone from there waits; a person mistypes less often. */
const MAX_FAILURES = 10
const WINDOW_MS = 15 * 60_000
/** Sources remembered; an attacker with more addresses than this is slowed by hashing alone. */
const MAX_REMEMBERED = 50_000
/** Longer than any password; hashing takes time for each octet. */
const MAX_PASSWORD = 1024

/** Checks one login against one person's secret; unknown names cost the same as known ones. */
export class LoginDesk {
  readonly #directory: AccountDirectory
  readonly #passwords: PasswordThread
  readonly #clock: Clock
  readonly #failures = new Map<string, { count: number; since: number }>()

  constructor(directory: AccountDirectory, passwords: PasswordThread, clock: Clock) {
    this.#directory = directory
    this.#passwords = passwords
    this.#clock = clock
  }

  async check(attempt: LoginAttempt): Promise<LoginResult> {
    const [address, handle] = namesOf(attempt)
    const sources = [`ip ${attempt.ip}`, `account ${address}`]
    if (sources.some((source) => this.#isDelayed(source))) return { ok: false, reason: 'delayed' }
    const account = await this.#directory.get(address)
    const person = account === undefined ? undefined : personOf(account, handle)
    const password = attempt.password.slice(0, MAX_PASSWORD)
    let matches: boolean
    try {
      matches = await this.#passwords.matches(password, person?.passwordHash ?? NOBODY)
    } catch (error) {
      if (error instanceof TooManyLogins) return { ok: false, reason: 'delayed' }
      throw error
    }
    if (!matches || account === undefined || person === undefined || !mayLogIn(account)) {
      for (const source of sources) this.#countFailure(source)
      return { ok: false, reason: 'wrong' }
    }
    this.#failures.delete(`account ${address}`)
    const at = this.#clock.now().getTime()
    const login: Login = { account: address, handle: person.handle, at, method: 'password', ip: attempt.ip }
    return { ok: true, login, account, person }
  }

  #isDelayed(source: string): boolean {
    const failed = this.#failures.get(source)
    return (
      failed !== undefined &&
      failed.count >= MAX_FAILURES &&
      this.#clock.monotonic() - failed.since < WINDOW_MS
    )
  }

  #countFailure(source: string): void {
    const now = this.#clock.monotonic()
    const known = this.#failures.get(source)
    const fresh = known === undefined || now - known.since >= WINDOW_MS
    this.#failures.delete(source)
    this.#failures.set(source, { count: fresh ? 1 : known.count + 1, since: fresh ? now : known.since })
    const oldest = this.#failures.keys().next().value
    if (this.#failures.size > MAX_REMEMBERED && oldest !== undefined) this.#failures.delete(oldest)
  }
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
