/**
 * A PKCS#11 module with all its sessions, as one thread uses it: everything here waits for the token. A token is logged in
 * to once. Each signature is checked under the certificate's key before it is given out, because a faulty one would not only be
 * worthless: of RSA it may give the key away.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Clock } from '../../../mail/clock.ts'
import { KeyError } from '../error.ts'
import { CK, type Cryptoki } from './cryptoki.ts'
import { endedUntold, isLost, isNamed, keyErrorOf } from './failure.ts'
import { type KeyName, type Look, type Looked, type Match, nameOf, type Sign, type TokenName } from './job.ts'
import { Pins, type Place } from './pins.ts'
import { placeOf } from './place.ts'
import type { PinStandings } from './standing.ts'
import { shown, TokenSession } from './token-session.ts'

export class Module {
  readonly #load: () => Cryptoki
  #library: Cryptoki | undefined
  #isBegun = false
  readonly #sessions = new Map<string, TokenSession>()
  readonly #standings: PinStandings
  readonly #clock: Pick<Clock, 'monotonic'>

  /**
   * @param standings those who stand in line with a PIN that was refused must not use up the tries that a token has
   * @param clock the same for all threads that share the standings
   */
  constructor(load: () => Cryptoki, standings: PinStandings, clock: Pick<Clock, 'monotonic'>) {
    this.#load = load
    this.#standings = standings
    this.#clock = clock
  }

  /** Throws KeyError, like all that follow. */
  look({ token, key }: Look): Looked {
    return this.#twice(token, (session) => ({ certificates: session.certificates(key) }))
  }

  /** The first candidate that is the public half of a key of that name. Throws KEY_MISMATCH where none is. */
  match({ token, key, hash, candidates }: Match): number {
    return this.#twice(token, (session) => {
      const keys = session.keysNamed(key)
      const index = candidates.findIndex(({ spki, algorithm }) => {
        const found = session.proved(
          keys,
          { algorithm, hash, publicKey: publicKeyOf(spki) },
          token.signaturePin,
        )
        if (found !== undefined) session.proven.set(provenName(key, spki), found)
        return found !== undefined
      })
      if (index < 0)
        throw new KeyError('KEY_MISMATCH', `${shown(key)} belongs to no certificate that was given`)
      return index
    })
  }

  sign({ token, key, hash, algorithm, spki, tbs }: Sign): Uint8Array {
    return this.#twice(token, (session) => {
      const name = provenName(key, spki)
      let found = session.proven.get(name)
      // After a new login: the token may be another one by now, with another key of that name.
      if (found === undefined) {
        const wanted = { algorithm, hash, publicKey: publicKeyOf(spki) }
        found = session.proved(session.keysNamed(key), wanted, token.signaturePin)
        if (found === undefined)
          throw new KeyError('KEY_MISMATCH', `${shown(key)} is no longer the key of the certificate`)
        session.proven.set(name, found)
      }
      const wanted = { algorithm, hash, publicKey: found.publicKey }
      return session.sign(found, wanted, tbs, token.signaturePin)
    })
  }

  /** Every session and login is given up; the next request begins anew. */
  end(): void {
    this.#sessions.clear()
    if (!this.#isBegun) return
    this.#isBegun = false
    try {
      this.#library?.C_Finalize()
    } catch {
      // A module that is broken cannot be ended either; beginning anew says what is wrong.
    }
  }

  /** A session that was lost is replaced once: modules, too, forget tokens that were away, so all begins anew. */
  #twice<Result>(token: TokenName, act: (session: TokenSession) => Result): Result {
    try {
      return act(this.#open(token))
    } catch (error) {
      if (!isLost(error)) throw this.#failure(error)
    }
    this.end()
    try {
      return act(this.#open(token))
    } catch (error) {
      throw this.#failure(error)
    }
  }

  #failure(error: unknown): KeyError {
    if (endedUntold(error)) this.end()
    return keyErrorOf(error)
  }

  #open(token: TokenName): TokenSession {
    const name = nameOf(token)
    const known = this.#sessions.get(name)
    if (known?.pin === token.pin) return known
    let place = placeOf(this.#begun(), token)
    // A token that is logged in to takes any PIN: whether another one is right shows only from the beginning.
    if (this.#sessions.values().some((one) => one.identity === place.identity && one.pin !== token.pin)) {
      // One that is known to be wrong must not cost those who use the token their login.
      this.#pinsOf(place).check('user', token.pin)
      this.end()
      place = placeOf(this.#begun(), token)
    }
    const session = new TokenSession(this.#begun(), this.#pinsOf(place), token.pin)
    this.#sessions.set(name, session)
    return session
  }

  #pinsOf(place: Place): Pins {
    return new Pins(this.#begun(), place, this.#standings, this.#clock)
  }

  #begun(): Cryptoki {
    this.#library ??= this.#load()
    if (!this.#isBegun) {
      try {
        this.#library.C_Initialize({ flags: CK.OS_LOCKING_OK })
      } catch (error) {
        // A thread before this one ended without a word.
        if (!isNamed(error, 'CKR_CRYPTOKI_ALREADY_INITIALIZED')) throw error
      }
      this.#isBegun = true
    }
    return this.#library
  }
}

const provenName = (key: KeyName, spki: Uint8Array): string =>
  `${shown(key)} ${Buffer.from(spki).toString('base64')}`

const publicKeyOf = (spki: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
