import { blockListOf } from '../../config/values.ts'
import type { KepAccount, Login, Person } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import { networkOf } from '../connection-census.ts'
import type { EventRecorder } from '../event-log/event-log.ts'
import { type AccountDirectory, onlyPerson } from './directory.ts'
import { Guesses } from './guesses.ts'
import type { Stranger } from './hashing-line.ts'
import { NOBODY } from './password-hash.ts'
import { type PasswordThread, TooManyLogins } from './password-thread.ts'
import type { ShownCertificate } from './shown-certificate.ts'

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
  /** What is logged in to. */
  readonly service: 'smtp' | 'imap'
}

/** A client that showed a certificate in TLS and names whom it acts for. */
export interface CertificateAttempt extends Omit<LoginAttempt, 'password' | 'authzid'> {
  /** undefined where it showed none. */
  readonly shown: ShownCertificate | undefined
}

export interface LoginParts {
  readonly directory: AccountDirectory
  readonly passwords: Pick<PasswordThread, 'matches'>
  readonly clock: Clock
  readonly eventLog: EventRecorder
}

type Recorded = Pick<LoginAttempt, 'ip' | 'service'> & Pick<Login, 'method'>

/** Logins of strangers that wait for their turn, over all accounts; more is a flood. */
const MAX_WAITING = 1_000
/** Names are kept as keys: what is longer is nobody's. */
const MAX_NAME = 320
/** Failures of one person that are recorded in an hour: from many networks at once there can be any number. */
const MAX_RECORDED = 100
const HOUR_MS = 3_600_000
/** Persons whose failures are counted for that. */
const MAX_COUNTED = 10_000

/**
 * Checks one login against one person's secret; unknown names cost the same as known ones. Who guesses is slowed by
 * network and person together, so that nobody can lock anybody out from elsewhere. Each login, good or bad, is recorded
 * for its person (oturum açma kaydı).
 */
export class LoginDesk {
  readonly #parts: LoginParts
  readonly #guesses: Guesses
  /** The end of the latest check for each network and person. */
  readonly #turns = new Map<string, Promise<void>>()
  #waiting = 0
  /** Failures recorded within the hour, by person. */
  readonly #recorded = new Map<string, { count: number; since: number }>()

  constructor(parts: LoginParts) {
    this.#parts = parts
    this.#guesses = new Guesses(parts.clock)
  }

  /**
   * One after another for each network and person: each is judged knowing how the one before it ended, so a burst of
   * guesses gains nothing, and a client that opens twenty connections at once is served. Hashing is serial anyway.
   */
  async check(attempt: LoginAttempt): Promise<LoginResult> {
    const [address, handle] = namesOf(attempt)
    const network = networkOf(attempt.ip)
    const account = await this.#parts.directory.get(address)
    const person = account === undefined ? undefined : personOf(account, handle)
    // One person has one count, by whichever name.
    const name = `${address}/${person?.handle ?? handle ?? ''}`.slice(0, MAX_NAME)
    const isKnown = this.#guesses.isKnown(network, name)
    if (this.#guesses.isDelayed(network, name) || (!isKnown && this.#waiting >= MAX_WAITING))
      return { ok: false, reason: 'delayed' }
    const place = `${network} ${name}`
    const before = this.#turns.get(place)
    const { promise: turn, resolve: done } = Promise.withResolvers<void>()
    this.#turns.set(place, turn)
    this.#waiting++
    try {
      await before
      if (this.#guesses.isDelayed(network, name)) return { ok: false, reason: 'delayed' }
      const who = this.#guesses.isKnown(network, name) ? undefined : { network, name }
      const verdict = await this.#judge(attempt, account, person, who)
      if (verdict === 'delayed') return { ok: false, reason: 'delayed' }
      if (verdict === 'password') this.#guesses.failed(network, name)
      if (account === undefined || person === undefined) return { ok: false, reason: 'wrong' }
      if (verdict !== undefined) {
        await this.#recordFailure({ ...attempt, method: 'password' }, account, person, verdict)
        return { ok: false, reason: 'wrong' }
      }
      this.#guesses.succeeded(network, name)
      await this.#record('login', { ...attempt, method: 'password' }, account, person)
      const at = this.#parts.clock.now().getTime()
      const login: Login = { account: address, handle: person.handle, at, method: 'password', ip: attempt.ip }
      return { ok: true, login, account, person }
    } finally {
      this.#waiting--
      if (this.#turns.get(place) === turn) this.#turns.delete(place)
      done()
    }
  }

  /** By a certificate that was registered for the person who is named; nothing is guessed here, so nobody waits. */
  async checkCertificate(attempt: CertificateAttempt): Promise<LoginResult> {
    const { shown, ip } = attempt
    const [address, handle] = namesOf({ ...attempt, authzid: '' })
    const account = await this.#parts.directory.get(address)
    const person = account === undefined ? undefined : personOf(account, handle)
    if (account === undefined || person === undefined) return { ok: false, reason: 'wrong' }
    const now = this.#parts.clock.now().getTime()
    const known = shown !== undefined && person.loginCertificates?.includes(shown.fingerprint) === true
    const because = !known || !(now < shown.notAfter) ? 'certificate' : whyNot(account, person, ip)
    if (because !== undefined) {
      await this.#recordFailure({ ...attempt, method: 'certificate' }, account, person, because)
      return { ok: false, reason: 'wrong' }
    }
    await this.#record('login', { ...attempt, method: 'certificate' }, account, person)
    const login: Login = { account: address, handle: person.handle, at: now, method: 'certificate', ip }
    return { ok: true, login, account, person }
  }

  /** Account and person as they are now; undefined where the login would not be good any more. */
  async refresh(login: Login): Promise<{ account: KepAccount; person: Person } | undefined> {
    return loginAsOf(await this.#parts.directory.get(login.account), login)
  }

  /** Why not; undefined where it is good. */
  async #judge(
    attempt: LoginAttempt,
    account: KepAccount | undefined,
    person: Person | undefined,
    who: Stranger | undefined,
  ): Promise<'password' | 'account' | 'network' | 'delayed' | undefined> {
    try {
      if (!(await this.#parts.passwords.matches(attempt.password, person?.passwordHash ?? NOBODY, who)))
        return 'password'
    } catch (error) {
      if (error instanceof TooManyLogins) return 'delayed'
      throw error
    }
    return account === undefined || person === undefined ? 'password' : whyNot(account, person, attempt.ip)
  }

  async #recordFailure(
    attempt: Recorded,
    account: KepAccount,
    person: Person,
    because: string,
  ): Promise<void> {
    const name = `${account.address}/${person.handle}`
    const now = this.#parts.clock.monotonic()
    const known = this.#recorded.get(name)
    const { count, since } =
      known === undefined || now - known.since > HOUR_MS ? { count: 0, since: now } : known
    this.#recorded.delete(name)
    this.#recorded.set(name, { count: count + 1, since })
    const oldest = this.#recorded.keys().next().value
    if (this.#recorded.size > MAX_COUNTED && oldest !== undefined) this.#recorded.delete(oldest)
    if (count < MAX_RECORDED) await this.#record('login refused', attempt, account, person, { because })
    else if (count === MAX_RECORDED)
      await this.#record('login refused', attempt, account, person, { because, andMore: true })
  }

  #record(
    what: string,
    { ip, service, method }: Recorded,
    { address }: KepAccount,
    { handle }: Person,
    more: object = {},
  ): Promise<void> {
    const by = { person: handle, ip }
    return this.#parts.eventLog.record({
      what,
      by,
      account: address,
      person: handle,
      details: { service, method, ...more },
    })
  }
}

/** Account and person as they are now; undefined where that login would not be good any more. */
export function loginAsOf(
  account: KepAccount | undefined,
  { handle, ip }: Pick<Login, 'handle' | 'ip'>,
): { account: KepAccount; person: Person } | undefined {
  const person = account?.persons.find((one) => one.active && one.handle === handle)
  return account === undefined || person === undefined || !mayLogIn(account) || !isFromOwnNetwork(person, ip)
    ? undefined
    : { account, person }
}

/** Whoever it is may not log in now, or not from there. */
function whyNot(account: KepAccount, person: Person, ip: string): 'account' | 'network' | undefined {
  if (!mayLogIn(account)) return 'account'
  return isFromOwnNetwork(person, ip) ? undefined : 'network'
}

/** Closed accounts stay readable; pending and locked ones are shut. */
const mayLogIn = (account: KepAccount): boolean => account.state === 'active' || account.state === 'closed'

/** IP Kısıtlama. */
const isFromOwnNetwork = ({ networks }: Person, ip: string): boolean =>
  networks === undefined || blockListOf(networks)?.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4') === true

function namesOf({
  name,
  authzid,
}: Pick<LoginAttempt, 'name' | 'authzid'>): [address: string, handle: string | undefined] {
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
