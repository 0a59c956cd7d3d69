/** What is said between the thread that owns a module and those who want signatures. */
import type { HashName, Signer } from '../../ports.ts'
import type { KeyFailure } from '../error.ts'
import type { PinStanding } from './standing.ts'

export interface TokenName {
  /** Its label, or the number of its slot; one of both. */
  readonly token?: string | undefined
  readonly slot?: number | undefined
  readonly pin: string
  /** For keys that ask with each signature, where it is another one. */
  readonly signaturePin?: string | undefined
}

/** As people read it. */
export const nameOf = ({ token, slot }: TokenName): string => token ?? `in slot ${slot}`

export interface KeyName {
  /** CKA_LABEL and CKA_ID; at least one of both. */
  readonly label?: string | undefined
  readonly id?: Uint8Array | undefined
}

export interface Look {
  readonly kind: 'look'
  readonly token: TokenName
  readonly key: KeyName
}

/** Which of these public keys has its private half under that name; a probe is signed. */
export interface Match {
  readonly kind: 'match'
  readonly token: TokenName
  readonly key: KeyName
  readonly hash: HashName
  readonly candidates: readonly { readonly spki: Uint8Array; readonly algorithm: Signer['algorithm'] }[]
}

export interface Sign {
  readonly kind: 'sign'
  readonly token: TokenName
  readonly key: KeyName
  readonly hash: HashName
  readonly algorithm: Signer['algorithm']
  readonly spki: Uint8Array
  readonly tbs: Uint8Array
}

export type Job = Look | Match | Sign | { readonly kind: 'end' }

export interface Looked {
  /** DER: those of the key first, by its id or label, then all others of the token. */
  readonly certificates: readonly Uint8Array[]
}

/** Told before the reply, and also where nobody waits for that any more. */
export interface PinTold {
  readonly entry: string
  readonly standing: PinStanding
}

export type Reply = { readonly id: number } & (
  | { readonly looked: Looked }
  | { readonly matched: number }
  | { readonly signature: Uint8Array }
  | { readonly ended: true }
  | { readonly code: KeyFailure; readonly detail: string }
)
