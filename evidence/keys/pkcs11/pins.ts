/**
 * The two logins of a token, each of which may cost one of its few tries. A PIN that was refused is not given to that token again,
 * nor any to a token that has one try left: it would lock itself, and that try is left to a person. A PIN of which a failed
 * login told nothing rests first; so does that of a key which asks each time, where the signature failed.
 */
import type { Clock } from '../../../mail/clock.ts'
import { KeyError } from '../error.ts'
import { CK, type Cryptoki, type Handle } from './cryptoki.ts'
import { isNamed, keyErrorOf, type PinCall, pinEnd, wordOf } from './failure.ts'
import { afterUntold, hasCounted, type PinStandings } from './standing.ts'

/** `user`: of the token. `signature`: of a key that asks each time, which on many cards is another one. */
export type PinUse = 'user' | 'signature'

/** A slot, and what tells its token from all others, by whichever name it was asked for. */
export interface Place {
  readonly slot: Handle
  readonly identity: string
}

export class Pins {
  readonly place: Place
  readonly #library: Cryptoki
  readonly #standings: PinStandings
  readonly #clock: Pick<Clock, 'monotonic'>
  /** Of the token, as they were before the last login. */
  #flags = 0
  /** That were right for a signature in this session. */
  readonly #signed = new Set<string>()

  constructor(library: Cryptoki, place: Place, standings: PinStandings, clock: Pick<Clock, 'monotonic'>) {
    this.place = place
    this.#library = library
    this.#standings = standings
    this.#clock = clock
  }

  /** Throws KeyError PIN_REFUSED, PIN_LOCKED or PIN_RESTS where the PIN must not be given. */
  check(use: PinUse, pin: string): void {
    const standing = this.#standings.get(this.#entry(use, pin))
    if (standing?.kind === 'refused') throw new KeyError('PIN_REFUSED', 'it is not tried again')
    if (standing?.kind === 'resting' && this.#clock.monotonic() < standing.until)
      throw new KeyError('PIN_RESTS', `${standing.word} when it was last given`)
    const { flags } = this.#library.C_GetTokenInfo(this.place.slot)
    if (standing?.kind === 'resting' && hasCounted(standing.flags, flags)) {
      this.#refuse(use, pin)
      throw new KeyError(
        'PIN_REFUSED',
        `${standing.word} when it was last given, and the token counted a wrong PIN`,
      )
    }
    if ((flags & CK.USER_PIN_LOCKED) !== 0) throw new KeyError('PIN_LOCKED', 'the token has locked its PIN')
    if ((flags & CK.USER_PIN_FINAL_TRY) !== 0)
      throw new KeyError('PIN_LOCKED', 'one try of the PIN is left: log in by hand first')
    this.#flags = flags
  }

  /** After `check`. Throws KeyError, or the module's own error where the token is gone. */
  logIn(session: Handle, use: PinUse, pin: string): void {
    try {
      this.#library.C_Login(session, use === 'user' ? CK.USER : CK.CONTEXT_SPECIFIC, pin)
    } catch (error) {
      if (use === 'user' && isNamed(error, 'CKR_USER_ALREADY_LOGGED_IN')) return
      throw this.#failed('login', use, pin, error)
    }
    if (use === 'user') this.#took(use, pin)
  }

  /** The token made a signature with it. */
  tookForSignature(pin: string): void {
    this.#signed.add(pin)
    this.#took('signature', pin)
  }

  /** What to throw where the token made none. */
  failedForSignature(pin: string, error: unknown): unknown {
    return this.#failed('signature', 'signature', pin, error)
  }

  /** KeyError, or the module's own error where the token is gone. */
  #failed(call: PinCall, use: PinUse, pin: string, error: unknown): unknown {
    const end = pinEnd(call, error)
    if (end === 'refused') {
      this.#refuse(use, pin)
      return keyErrorOf(error)
    }
    if (end === 'unread' && (call === 'login' || !this.#hasCounted())) return error
    return this.#untold(call, use, pin, error)
  }

  #untold(call: PinCall, use: PinUse, pin: string, error: unknown): KeyError {
    const word = wordOf(error)
    const at = `${word} at the ${call}`
    if (this.#hasCounted()) {
      this.#refuse(use, pin)
      return new KeyError('PIN_REFUSED', `${at}, and the token counted a wrong PIN`, error)
    }
    const given = { now: this.#clock.monotonic(), flags: this.#flags, word }
    for (const entry of this.#entries(use, pin))
      this.#standings.set(entry, afterUntold(this.#standings.get(entry), given))
    return this.#standings.get(this.#entry(use, pin))?.kind === 'refused'
      ? new KeyError('PIN_REFUSED', `${at} again, which may have cost a try each time`, error)
      : new KeyError('PIN_RESTS', `${at}, which may have cost a try`, error)
  }

  /** False too where the token does not show its flags now: `check` looks again before the next login. */
  #hasCounted(): boolean {
    try {
      return hasCounted(this.#flags, this.#library.C_GetTokenInfo(this.place.slot).flags)
    } catch {
      return false
    }
  }

  #took(use: PinUse, pin: string): void {
    const entry = this.#entry(use, pin)
    if (this.#standings.get(entry)?.kind !== 'taken') this.#standings.set(entry, { kind: 'taken' })
  }

  #refuse(use: PinUse, pin: string): void {
    for (const entry of this.#entries(use, pin)) this.#standings.set(entry, { kind: 'refused' })
  }

  /** Where it was right and may be so no more, somebody changed it, and it would fail at the next login too. */
  #entries(use: PinUse, pin: string): string[] {
    const entry = this.#entry(use, pin)
    return use === 'signature' && this.#signed.has(pin) ? [entry, this.#entry('user', pin)] : [entry]
  }

  #entry(use: PinUse, pin: string): string {
    return `${this.place.identity}\0${use}\0${pin}`
  }
}
