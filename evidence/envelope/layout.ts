/**
 * The octets of our envelopes that lie outside the signed part. They are a function of the signed part and of the
 * signature, so a verifier rebuilds them and compares: nothing there can be changed unseen. The signed part carries a
 * copy of the header [RFC 9788 §2.1] and the mark below, which says that the rebuilding applies.
 *
 * layout 1:  [trace fields of transports] header  MIME fields  CRLF  --b1 CRLF  signed part  CRLF --b1 CRLF
 *            signature part  CRLF --b1-- CRLF
 */
import { base64Lines } from '../../mail/base64-lines.ts'
import { parameterField } from '../../mail/header-write.ts'
import type { HashName } from '../ports.ts'

export const LAYOUT_FIELD = 'X-OpenKEP-Layout'
export const LAYOUT = '1'

/** Names of micalg. [RFC 5751 §3.4.3.2] */
const MICALG: Readonly<Record<HashName, string>> = { sha256: 'sha-256', sha384: 'sha-384', sha512: 'sha-512' }

/** The MIME fields of the outer header, the blank line and the first delimiter. */
export const outerMime = (hash: HashName, boundary: string, eightBit: boolean): string =>
  'MIME-Version: 1.0\r\n' +
  parameterField('Content-Type', 'multipart/signed', {
    protocol: 'application/pkcs7-signature',
    micalg: MICALG[hash],
    boundary,
  }) +
  transferEncoding(eightBit) +
  `\r\n--${boundary}\r\n`

/** From the CRLF that ends the signed part to the last octet. */
export const signaturePart = (cms: Uint8Array, boundary: string): string =>
  `\r\n--${boundary}\r\n` +
  'Content-Type: application/pkcs7-signature; name=smime.p7s\r\n' +
  'Content-Transfer-Encoding: base64\r\n' +
  'Content-Disposition: attachment; filename=smime.p7s\r\n' +
  '\r\n' +
  `${base64Lines(cms)}\r\n--${boundary}--\r\n`

/** 8bit is said on every enclosing part; 7bit is the default and stays unsaid. [RFC 2045 §6.4] */
export const transferEncoding = (eightBit: boolean): string =>
  eightBit ? 'Content-Transfer-Encoding: 8bit\r\n' : ''
