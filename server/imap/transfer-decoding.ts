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

/** What is no base64 is passed over. [RFC 2045 §6.8] */
function base64(): TransferDecoder {
  let rest = ''
  return {
    push: (octets) => {
      const text = rest + octets.toString('latin1').replace(/[^A-Za-z0-9+/]+/g, '')
      const whole = text.length - (text.length % 4)
      rest = text.slice(whole)
      return Buffer.from(text.slice(0, whole), 'base64')
    },
    end: () => Buffer.from(rest, 'base64'),
  }
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
