import { Base64Decoder } from './base64-decoder.ts'
import { QuotedPrintableDecoder } from './quoted-printable-decoder.ts'

/** Undoes a transfer encoding while octets pass. */
export interface TransferDecoder {
  /** Read before the next push(), which may use the same memory. */
  push(chunk: Uint8Array): Uint8Array
  /** So far programs may read something else in it than what was given. */
  readonly irregular: boolean
}

const IDENTITIES: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary'])

export const isTransferEncoding = (encoding: string): boolean =>
  IDENTITIES.has(encoding) || encoding === 'base64' || encoding === 'quoted-printable'

/** @param encoding of a part as its index says; octets in one that nobody knows stay as they are. [RFC 2045 §6.4] */
export function transferDecoder(encoding: string): TransferDecoder {
  if (encoding === 'base64') return new Base64Decoder()
  if (encoding === 'quoted-printable') return new QuotedPrintableDecoder()
  return { push: (chunk) => chunk, irregular: !IDENTITIES.has(encoding) }
}
