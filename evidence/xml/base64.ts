/**
 * Base64 as XML carries it: white space may stand anywhere, the rest is exact, padding bits included. Node alone
 * skips what it does not know, and then many texts decode to the same octets. [XML Schema 2 §3.2.16]
 */
import { XmlError } from './tree.ts'

/** @throws XmlError UNEXPECTED */
export function decodeBase64(text: string): Buffer {
  const packed = text.replace(/[ \t\r\n]/g, '')
  const octets = Buffer.from(packed, 'base64')
  if (packed === '' || octets.toString('base64') !== packed)
    throw new XmlError('UNEXPECTED', 'malformed base64')
  return octets
}
