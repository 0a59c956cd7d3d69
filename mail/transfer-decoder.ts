import { Base64Decoder } from './base64-decoder.ts'
import { QuotedPrintableDecoder } from './quoted-printable-decoder.ts'

/** Undoes a transfer encoding while octets pass. */
export interface TransferDecoder {
  /** Read before the next push(), which may use the same memory. */
  push(chunk: Uint8Array): Uint8Array
  /** So far programs may read something else in it than what was given. */
  readonly irregular: boolean
}

/** @param encoding of a part as its index says; octets in one that nobody knows stay as they are. [RFC 2045 §6.4] */
export function transferDecoder(encoding: string): TransferDecoder {
  switch (encoding) {
    case 'base64':
      return new Base64Decoder()
    case 'quoted-printable':
      return new QuotedPrintableDecoder()
    case '7bit':
    case '8bit':
    case 'binary':
      return { push: (chunk) => chunk, irregular: false }
    default:
      return { push: (chunk) => chunk, irregular: true }
  }
}
