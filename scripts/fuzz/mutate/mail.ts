/** Bends lines of mail: fields, folds, boundaries, encodings. */
import type { Random } from '../../soak/power-loss/random.ts'

export interface SpottedMail {
  readonly octets: Uint8Array
  /** With their ends. */
  readonly spots: readonly string[]
}

export const mailSpots = (octets: Uint8Array): string[] =>
  Buffer.from(octets)
    .toString('latin1')
    .match(/[^\n]*\n|[^\n]+$/g) ?? []

export function bendMail({ octets, spots }: SpottedMail, other: SpottedMail, random: Random): Uint8Array {
  if (spots.length === 0) return octets
  const at = random.whole(0, spots.length - 1)
  const to = Math.min(spots.length, at + (random.chance(0.3) ? random.whole(1, 12) : 1))
  const lines = spots.slice(at, to)
  const line = spots[at]!
  const put = (...pieces: readonly string[]): Uint8Array =>
    Buffer.from([...spots.slice(0, at), ...pieces, ...spots.slice(to)].join(''), 'latin1')
  switch (random.whole(0, 10)) {
    case 0:
      return put()
    case 1:
      return put(
        ...Array.from({ length: random.chance(0.05) ? random.whole(3, 300) : 2 }, () => lines).flat(),
      )
    case 2: {
      const without = [...spots.slice(0, at), ...spots.slice(to)]
      const place = random.whole(0, without.length)
      return Buffer.from([...without.slice(0, place), ...lines, ...without.slice(place)].join(''), 'latin1')
    }
    case 3: {
      const from = random.whole(0, Math.max(0, other.spots.length - 1))
      return put(...other.spots.slice(from, from + random.whole(1, 20)))
    }
    case 4:
      return put(random.one(LINES), ...lines)
    case 5:
      return put(
        line.replace(/\r?\n$/, () => random.one(['\n', '\r', '\r\n\r\n', '', '\r\r\n', '\r\n '])),
        ...lines.slice(1),
      )
    case 6:
      return put(
        line.replace(/[ ;=:]/, (char) => char + random.one(['\r\n\t', '\r\n ', '(', '"', ' ', ';', '='])),
        ...lines.slice(1),
      )
    case 7:
      return put(
        line.replace(
          /"?([^"\s;=]+)"?(\r?\n)$/,
          (_, value: string, end: string) => `"${value}"; ${value}=${value}${end}`,
        ),
        ...lines.slice(1),
      )
    case 8:
      return put(
        line.replace(/^(--)?(.*?)(--)?(\r?\n)$/s, (_, a = '', b = '', c = '', d = '') =>
          random.one([`--${b}${d}`, `--${b}--${d}`, `${a}${b}${c} \t${d}`, `${b}${d}`]),
        ),
        ...lines.slice(1),
      )
    case 9: {
      // Another message as the body of this one.
      return put(line, 'Content-Type: message/rfc822\r\n\r\n', ...other.spots)
    }
    default:
      return put(random.chance(0.2) ? `${'x'.repeat(random.whole(900, 3000))}\r\n` : random.one(LINES))
  }
}

const LINES = [
  '\r\n',
  '--b\r\n',
  '--b--\r\n',
  '--\r\n',
  '----\r\n',
  ' folded\r\n',
  '\t\r\n',
  ': no name\r\n',
  'no colon\r\n',
  'a:b\r\n',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  'Content-Type: multipart/signed; boundary="b"; micalg=sha-512; protocol="application/pkcs7-signature"\r\n',
  'Content-Type: multipart/digest; boundary=b\r\n',
  'Content-Type: message/rfc822\r\n',
  'Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n',
  'Content-Type: text/plain; charset=windows-1254; name*0="a"; name*1="b"\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  'Content-Transfer-Encoding: quoted-printable\r\n',
  'Content-Transfer-Encoding: x\r\n',
  'Content-Disposition: attachment; filename="=?utf-8?q?a?="\r\n',
  'Subject: =?utf-8?b?xLB?=\r\n =?utf-8?q?=C4?=\r\n',
  'From: "a" <b@c>, d: e@f;\r\n',
  'MIME-Version: 1.0\r\n',
]
