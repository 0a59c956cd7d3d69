/**
 * The two logins of a token, each of which may cost one of its few tries. A PIN that was refused is not given to that token again,
 * nor any to a token that has one try left: it would lock itself, and that try is left to a person.
 */
import { KeyError } from '../error.ts'
import { CK, type Cryptoki, type Handle } from './cryptoki.ts'
import { isNamed, isRefusal, keyErrorOf, refusalOf } from './failure.ts'

/** Entries of `entryOf`. One list for a process, whose owner outlives the thread of a module. */
export interface RefusedPins {
  has(entry: string): boolean
  add(entry: string): void
}

/** `user`: of the token. `signature`: of a key that asks each time, which on many cards is another one. */
export type PinUse = 'user' | 'signature'

/** A slot, and what tells its token from all others, by whichever name it was asked for. */
export interface Place {
  readonly slot: Handle
  readonly identity: string
}

export class Pins {
  readonly #library: Cryptoki
  readonly #place: Place
  readonly #refused: RefusedPins
  /** That were right for a signature in this session. */
  readonly #signed = new Set<string>()

  constructor(library: Cryptoki, place: Place, refused: RefusedPins) {
    this.#library = library
    this.#place = place
    this.#refused = refused
  }

  /** Throws KeyError PIN_REFUSED or PIN_LOCKED where the PIN must not be given. */
  check(use: PinUse, pin: string): void {
    if (this.#refused.has(this.#entry(use, pin))) throw new KeyError('PIN_REFUSED', 'it is not tried again')
    const { flags } = this.#library.C_GetTokenInfo(this.#place.slot)
    if ((flags & CK.USER_PIN_LOCKED) !== 0) throw new KeyError('PIN_LOCKED', 'the token has locked its PIN')
    if ((flags & CK.USER_PIN_FINAL_TRY) !== 0)
      throw new KeyError('PIN_LOCKED', 'one try of the PIN is left: log in by hand first')
  }

  /** After `check`. Throws KeyError, or the module's own error where the token is gone. */
  logIn(session: Handle, use: PinUse, pin: string): void {
    try {
      this.#library.C_Login(session, use === 'user' ? CK.USER : CK.CONTEXT_SPECIFIC, pin)
    } catch (error) {
      if (use === 'user' && isNamed(error, 'CKR_USER_ALREADY_LOGGED_IN')) return
      const refusal = refusalOf(error)
      if (refusal === undefined) throw error
      this.#refuse(use, pin)
      throw refusal
    }
  }

  /** The token made a signature with it. */
  tookForSignature(pin: string): void {
    this.#signed.add(pin)
  }

  /** Modules that keep the PIN look at it no sooner than in the signature itself. */
  failedForSignature(pin: string, error: unknown): void {
    if (isRefusal(keyErrorOf(error))) this.#refuse('signature', pin)
  }

  #refuse(use: PinUse, pin: string): void {
    this.#refused.add(this.#entry(use, pin))
    // It was right and is so no more: somebody changed it, and it would fail at the next login too.
    if (this.#signed.has(pin)) this.#refused.add(this.#entry('user', pin))
  }

  #entry(use: PinUse, pin: string): string {
    return `${this.#place.identity}\0${use}\0${pin}`
  }
}
