import { Base64Decoder } from '../../mail/base64-decoder.ts'

/** Turns encoded octets into what they stand for, piece by piece. [RFC 2045 §6] */
export interface TransferDecoder {
  push(octets: Buffer): Buffer
  end(): Buffer
}

/** undefined for an encoding that nobody knows. */
export function transferDecoder(encoding: string): TransferDecoder | undefined {
  switch (encoding) {
    case '7bit':
    case '8bit':
    case 'binary':
      return { push: (octets) => octets, end: () => Buffer.alloc(0) }
    case 'base64':
      return base64()
    case 'quoted-printable':
      return quotedPrintable()
    default:
      return undefined
  }
}

/** What the decoder answers is gone with its next piece, and ours may wait for a slow client: so it is copied. */
function base64(): TransferDecoder {
  const decoder = new Base64Decoder()
  return { push: (octets) => Buffer.from(decoder.push(octets)), end: () => Buffer.alloc(0) }
}

/** An escape may be cut between two pieces; white space before a line's end is the transport's. [RFC 2045 §6.7] */
function quotedPrintable(): TransferDecoder {
  let rest = ''
  const decode = (text: string): Buffer =>
    Buffer.from(
      text
        .replace(/[ \t]{1,200}(?=\r?\n)/g, '')
        .replace(/=\r?\n/g, '')
        .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    )
  return {
    push: (octets) => {
      const text = rest + octets.toString('latin1')
      const open = /(?:=[0-9A-Fa-f]?\r?|[ \t]{1,200}\r?|=[ \t]{1,200}\r?)$/.exec(text.slice(-202))
      const whole = text.length - (open?.[0].length ?? 0)
      rest = text.slice(whole)
      return decode(text.slice(0, whole))
    },
    end: () => decode(rest),
  }
}
