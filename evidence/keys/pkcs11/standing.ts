/** How a PIN stands with a token, as a process knows it. */
import { CK } from './cryptoki.ts'

/**
 * So long rests a PIN after a login, or a signature it was given for, that ended without a word about it, and after each further
 * one twice as long: an HSM that starts anew is back in some minutes, and submission stays open for a quarter of an hour.
 */
export const FIRST_REST_MS = 4 * 60_000
/**
 * Once this one too was in vain the PIN is refused: four tries in all, well below the ten that HSMs commonly have. Cards have
 * three, and show in their flags what they count.
 */
export const LONGEST_REST_MS = 16 * 60_000
/** A PIN that the token never took may well be wrong: two tries in all, since three lock most tokens. */
const LONGEST_UNPROVED_MS = FIRST_REST_MS

export type PinStanding =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'resting'
      /** Whether the token took it before. */
      readonly wasTaken: boolean
      readonly restMs: number
      /** Monotonic, of the process. */
      readonly until: number
      /** Of the token, before it was given. */
      readonly flags: number
      /** The module's. */
      readonly word: string
    }

/** By entries of Pins. One for a process, whose owner outlives the thread of a module. */
export interface PinStandings {
  get(entry: string): PinStanding | undefined
  set(entry: string, standing: PinStanding): void
}

/** After a login or a signature that may have cost a try, or none. */
export function afterUntold(
  before: PinStanding | undefined,
  { now, flags, word }: { readonly now: number; readonly flags: number; readonly word: string },
): PinStanding {
  const wasTaken = before?.kind === 'taken' || (before?.kind === 'resting' && before.wasTaken)
  const restMs = before?.kind === 'resting' ? before.restMs * 2 : FIRST_REST_MS
  return before?.kind === 'refused' || restMs > (wasTaken ? LONGEST_REST_MS : LONGEST_UNPROVED_MS)
    ? { kind: 'refused' }
    : { kind: 'resting', wasTaken, restMs, until: now + restMs, flags, word }
}

const COUNTED = CK.USER_PIN_COUNT_LOW | CK.USER_PIN_FINAL_TRY | CK.USER_PIN_LOCKED

/** Whether the token counted a wrong PIN between two looks at its flags. Many never show it. [PKCS11 v3.1 §3.2] */
export const hasCounted = (before: number, after: number): boolean => (after & ~before & COUNTED) !== 0
