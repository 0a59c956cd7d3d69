import { createHash } from 'node:crypto'
import { blockListOf } from '../../config/values.ts'
import type { KepAccount, Login, Person } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import { sourceNetwork } from '../connection-census.ts'
import type { EventTeller } from '../event-log/event-log.ts'
import { type AccountDirectory, onlyPerson } from './directory.ts'
import { Guesses } from './guesses.ts'
import type { Stranger } from './hashing-line.ts'
import { LoginRecord } from './login-record.ts'
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
  readonly eventLog: EventTeller
}

/** Logins of strangers that wait for their turn, over all accounts; more is a flood. */
const MAX_WAITING = 1_000
/** Names are kept as keys: what is longer is nobody's. */
const MAX_NAME = 320

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
  readonly #record: LoginRecord

  constructor(parts: LoginParts) {
    this.#parts = parts
    this.#guesses = new Guesses(parts.clock)
    this.#record = new LoginRecord(parts.eventLog, parts.clock)
  }

  /**
   * One after another for each network and person: each is judged knowing how the one before it ended, so a burst of
   * guesses gains nothing, and a client that opens twenty connections at once is served. Hashing is serial anyway.
   */
  async check(attempt: LoginAttempt): Promise<LoginResult> {
    const [address, handle] = namesOf(attempt)
    const network = sourceNetwork(attempt.ip)
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
      const { password, ip, service } = attempt
      const hash = person?.passwordHash
      const matches = await this.#matches(password, hash ?? NOBODY, who)
      if (matches === 'delayed') return { ok: false, reason: 'delayed' }
      if (!matches) this.#guesses.failed(network, name)
      if (person === undefined || hash === undefined) return { ok: false, reason: 'wrong' }
      const told = { account: address, handle: person.handle, method: 'password', ip } as const
      const login: Login = { ...told, at: this.#parts.clock.now().getTime(), proof: proofOf(hash) }
      // As they are now: the line may have been long.
      const now = matches ? await this.refresh(login) : undefined
      if (now === undefined) {
        await this.#record.refused({ ...told, service }, because(matches, person, ip))
        return { ok: false, reason: 'wrong' }
      }
      this.#guesses.succeeded(network, name)
      await this.#record.good({ ...told, service })
      return { ok: true, login, ...now }
    } finally {
      this.#waiting--
      if (this.#turns.get(place) === turn) this.#turns.delete(place)
      done()
    }
  }

  /** By a certificate that was registered for the person who is named; nothing is guessed here, so nobody waits. */
  async checkCertificate(attempt: CertificateAttempt): Promise<LoginResult> {
    const { shown, ip, service } = attempt
    const [address, handle] = namesOf({ ...attempt, authzid: '' })
    const account = await this.#parts.directory.get(address)
    const person = account === undefined ? undefined : personOf(account, handle)
    if (account === undefined || person === undefined) return { ok: false, reason: 'wrong' }
    const at = this.#parts.clock.now().getTime()
    const told = { account: address, handle: person.handle, method: 'certificate', ip } as const
    const login: Login = { ...told, at, proof: shown?.fingerprint ?? '' }
    const now = shown !== undefined && at < shown.notAfter ? loginAsOf(account, login) : undefined
    if (now === undefined) {
      await this.#record.refused({ ...told, service }, 'certificate')
      return { ok: false, reason: 'wrong' }
    }
    await this.#record.good({ ...told, service })
    return { ok: true, login, ...now }
  }

  /** Account and person as they are now; undefined where the login would not be good any more. */
  async refresh(login: Login): Promise<{ account: KepAccount; person: Person } | undefined> {
    return loginAsOf(await this.#parts.directory.get(login.account), login)
  }

  async #matches(password: string, hash: string, who: Stranger | undefined): Promise<boolean | 'delayed'> {
    try {
      return await this.#parts.passwords.matches(password, hash, who)
    } catch (error) {
      if (error instanceof TooManyLogins) return 'delayed'
      throw error
    }
  }
}

/** Account and person as they are now; undefined where that login would not be good any more. */
export function loginAsOf(
  account: KepAccount | undefined,
  login: Pick<Login, 'handle' | 'ip' | 'method' | 'proof'>,
): { account: KepAccount; person: Person } | undefined {
  const person = account?.persons.find((one) => one.active && one.handle === login.handle)
  if (account === undefined || person === undefined) return undefined
  return mayLogIn(account) && stillProves(person, login) && isFromOwnNetwork(person, login.ip)
    ? { account, person }
    : undefined
}

/** A password that was changed since, or a certificate that was taken back, proves nothing any more. */
const stillProves = (person: Person, { method, proof }: Pick<Login, 'method' | 'proof'>): boolean =>
  method === 'certificate'
    ? person.loginCertificates?.includes(proof) === true
    : person.passwordHash !== undefined && proofOf(person.passwordHash) === proof

/** Tells one password from the next, and nothing of either. */
const proofOf = (passwordHash: string): string =>
  createHash('sha256').update(passwordHash).digest('hex').slice(0, 32)

/** For the record alone: whoever asked is told the same of each. */
const because = (matches: boolean, person: Person, ip: string): string =>
  !matches ? 'password' : isFromOwnNetwork(person, ip) ? 'account' : 'network'

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
