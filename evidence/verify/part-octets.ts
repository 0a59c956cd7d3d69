/** The content of a MIME part with its transfer encoding undone. */
import type { MimePart } from '../../mail/mime-part.ts'
import { decodeBase64 } from '../xml/base64.ts'
import { XmlError } from '../xml/tree.ts'

/** undefined where the encoding is unknown or broken: what cannot be decoded cannot be verified. */
export const partOctets = (message: Uint8Array, part: MimePart): Uint8Array | undefined =>
  decodedBody(message.subarray(part.bodyStart, part.bodyEnd), part.encoding)

/** The same for a body that is at hand by itself. */
export function decodedBody(body: Uint8Array, encoding: string): Uint8Array | undefined {
  switch (encoding) {
    case '7bit':
    case '8bit':
    case 'binary':
      return body
    case 'base64':
      return strictBase64(body)
    case 'quoted-printable':
      return quotedPrintable(body)
    default:
      return undefined
  }
}

function strictBase64(body: Uint8Array): Uint8Array | undefined {
  try {
    return decodeBase64(Buffer.from(body).toString('latin1'))
  } catch (error) {
    if (error instanceof XmlError) return undefined
    throw error
  }
}

/** [RFC 2045 §6.7] */
function quotedPrintable(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body).toString('latin1')
  const joined = text.replace(/=[ \t]*\r?\n/g, '')
  return Buffer.from(
    joined.replace(/=([0-9A-Fa-f]{2})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    ),
    'latin1',
  )
}
