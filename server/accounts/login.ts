import type { KepAccount, Login, Person, ScramKeys } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import { sourceNetwork } from '../connection-census.ts'
import type { EventTeller } from '../event-log/event-log.ts'
import type { TokenVerdict } from '../oauth/token-judge.ts'
import type { AccountDirectory } from './directory.ts'
import { Guesses } from './guesses.ts'
import type { Stranger } from './hashing-line.ts'
import { because, loginAsOf, proofOf } from './login-as-of.ts'
import { isCalled, type LoginNames, namesOf, personOf } from './login-names.ts'
import { LoginRecord } from './login-record.ts'
import { NOBODY } from './password-hash.ts'
import { type PasswordThread, TooManyLogins } from './password-thread.ts'
import type { ScramKeyMaker } from './scram-key-maker.ts'
import type { ScramRenewal } from './scram-renewal.ts'
import type { ShownCertificate } from './shown-certificate.ts'
import { vouched } from './vouched.ts'

export type LoginResult =
  | { readonly ok: true; readonly login: Login; readonly account: KepAccount; readonly person: Person }
  | { readonly ok: false; readonly reason: 'wrong' | 'delayed' }

export interface From {
  readonly ip: string
  /** What is logged in to. */
  readonly service: 'smtp' | 'imap'
}

export interface LoginAttempt extends LoginNames, From {
  readonly password: string
}

/** A client that claims to know the password. */
export interface ProofAttempt extends LoginNames, From {
  /** Judges what the client sent by the keys of the person whom it names; undefined where it is as it should be. */
  readonly refusal: (keys: ScramKeys) => ProofRefusal | undefined
}

/** `channel`: it is bound to another connection than this, or was told of other mechanisms. */
export type ProofRefusal = 'password' | 'channel'
type Refusal = ProofRefusal | 'no SCRAM keys'

interface Asked {
  readonly address: string
  readonly person: Person | undefined
  /** undefined for whoever logged in from there before. */
  readonly who: Stranger | undefined
}

/** A client that showed a certificate in TLS and names whom it acts for. */
export interface CertificateAttempt extends Omit<LoginNames, 'authzid'>, From {
  /** undefined where it showed none. */
  readonly shown: ShownCertificate | undefined
}

/** A client with an access token. */
export interface TokenAttempt extends From {
  /** The account that the client names beside it; may be empty. [RFC 7628 §3.1] */
  readonly authzid: string
  readonly verdict: TokenVerdict
}

export interface LoginParts {
  readonly directory: AccountDirectory
  readonly passwords: Pick<PasswordThread, 'matches'>
  readonly clock: Clock
  readonly eventLog: EventTeller
  /** Makes up keys for whoever has none; undefined: nobody is asked for a proof. */
  readonly scram?: Pick<ScramKeyMaker, 'madeUp'> | undefined
  /** Told of logins by password. */
  readonly renewal?: Pick<ScramRenewal, 'loggedIn'> | undefined
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

  async check(attempt: LoginAttempt): Promise<LoginResult> {
    const { password } = attempt
    const result = await this.#guessed(attempt, async ({ person, who }) => {
      const matches = await this.#matches(password, person?.passwordHash ?? NOBODY, who)
      return matches === true ? undefined : matches === false ? 'password' : matches
    })
    if (result.ok) this.#parts.renewal?.loggedIn(result.account.address, result.person, password)
    return result
  }

  /** What the client needs to prove that it knows the password, of whom there is and of whom there is not. [RFC 5802 §5.1] */
  async saltOf(names: LoginNames): Promise<Pick<ScramKeys, 'salt' | 'iterations'>> {
    const [address, handle] = namesOf(names)
    const account = await this.#parts.directory.get(address)
    const { salt, iterations } = (account && personOf(account, handle)?.scram) ?? this.#madeUp(address)
    return { salt, iterations }
  }

  /** Without the password: by what proves that the client knows it. What is wrong counts as a wrong password does. [RFC 5802 §3] */
  checkProof(attempt: ProofAttempt): Promise<LoginResult> {
    return this.#guessed(attempt, async ({ address, person }) => {
      const keys = person?.scram
      const refused = attempt.refusal(keys ?? this.#madeUp(address))
      return keys === undefined ? 'no SCRAM keys' : refused
    })
  }

  /** By a certificate that was registered for the person who is named; nothing is guessed here, so nobody waits. */
  checkCertificate({ name, shown, ip, service }: CertificateAttempt): Promise<LoginResult> {
    const isValid = shown !== undefined && this.#parts.clock.now().getTime() < shown.notAfter
    return vouched(this.#parts, this.#record, {
      ...{ name, ip, service, method: 'certificate', proof: shown?.fingerprint ?? '' },
      isHis: ({ person }) => isValid && person.loginCertificates?.includes(shown.fingerprint) === true,
    })
  }

  /** By what a token says of who has it; whoever is named beside it must be the same. Nothing is guessed here either. */
  checkToken({ authzid, verdict, ip, service }: TokenAttempt): Promise<LoginResult> {
    return vouched(this.#parts, this.#record, {
      ...{ name: verdict.ok ? verdict.name : authzid, ip, service, method: 'oauth', proof: '' },
      ...(verdict.ok && { until: verdict.until }),
      isHis: (whom) => verdict.ok && (authzid === '' || isCalled(authzid, whom)),
    })
  }

  /** Account and person as they are now; undefined where the login would not be good any more. */
  async refresh(login: Login): Promise<{ account: KepAccount; person: Person } | undefined> {
    return loginAsOf(await this.#parts.directory.get(login.account), login)
  }

  /**
   * One after another for each network and person: each is judged knowing how the one before it ended, so a burst of
   * guesses gains nothing, and a client that opens twenty connections at once is served. Hashing is serial anyway.
   */
  async #guessed(
    attempt: LoginNames & From,
    refusalOf: (asked: Asked) => Promise<Refusal | 'delayed' | undefined>,
  ): Promise<LoginResult> {
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
      const refused = await refusalOf({ address, person, who })
      if (refused === 'delayed') return { ok: false, reason: 'delayed' }
      if (refused !== undefined) this.#guesses.failed(network, name)
      const hash = person?.passwordHash
      if (person === undefined || hash === undefined) return { ok: false, reason: 'wrong' }
      const { ip, service } = attempt
      const told = { account: address, handle: person.handle, method: 'password', ip } as const
      const login: Login = { ...told, at: this.#parts.clock.now().getTime(), proof: proofOf(hash) }
      // As they are now: the line may have been long.
      const now = refused === undefined ? await this.refresh(login) : undefined
      if (now === undefined) {
        await this.#record.refused({ ...told, service }, refused ?? because(person, ip))
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

  #madeUp(address: string): ScramKeys {
    if (this.#parts.scram === undefined) throw new Error('SCRAM is not offered')
    return this.#parts.scram.madeUp(address)
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
