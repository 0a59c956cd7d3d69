import type { Certificate, PathResult, UserSignature } from '../evidence/index.ts'
import type { HeaderField } from '../mail/header-read.ts'
import { MESSAGE_TYPE_FIELD, type MessageType, messageTypeOf } from '../mail/message-type.ts'
import type { MimeIndex } from '../mail/mime-part.ts'
import type { WireFacts } from '../mail/wire-facts.ts'

/** A message at the end of DATA, immutable. Octets are asked for, never held. */
export interface SubmittedMessage {
  readonly size: number
  /** Hex, over the exact octets as received. */
  readonly sha256: string
  readonly wire: WireFacts
  readonly index: MimeIndex
  /** The outermost header, every field in order. */
  readonly header: readonly HeaderField[]
  readonly signature: UserSignature
  /** Each verified signer's certificate judged as of now; empty where the signature does not verify. */
  readonly trust: readonly SignerTrust[]
  readonly open: (range?: { start: number; end: number }) => AsyncIterable<Uint8Array>
}

export interface SignerTrust {
  readonly certificate: Certificate
  readonly path: PathResult
}

/** All values of a field, in order. */
export const valuesOf = (header: readonly HeaderField[], key: string): string[] =>
  header.filter((field) => field.key === key).map((field) => field.value)

const TYPE_KEY = MESSAGE_TYPE_FIELD.toLowerCase()

/** The field that says what it is for, as it is written. */
export const typeField = (header: readonly HeaderField[]): string | undefined => valuesOf(header, TYPE_KEY)[0]

/** What it is for; undefined where it says nothing that is known. */
export const typeOf = (header: readonly HeaderField[]): MessageType | undefined =>
  messageTypeOf(typeField(header))
