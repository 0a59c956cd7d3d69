import type { Random } from '../../soak/power-loss/random.ts'
import { IMAP_WORDS } from '../imap/grammar.ts'
import type { MutatorKind } from './mutator.ts'

const latin = (...texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'latin1'))
const hex = (...texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'hex'))

const IMAP = latin(
  ...IMAP_WORDS,
  '\r\n',
  '\0',
  'NIL',
  '{3+}\r\n',
  '"',
  '(',
  ')',
  '1:*',
  '\u00c4\u00b0',
  '&AMc-',
)

/** What readers look for. */
const WORDS: Readonly<Record<MutatorKind, readonly Buffer[]>> = {
  der: hex(
    '3080',
    '0000',
    '2480',
    'a080',
    '308000',
    '30840000',
    '3082ffff',
    '3084ffffffff',
    '30850000000001',
    '30ff',
    '0500',
    '0101ff',
    '010100',
    '020100',
    '0201ff',
    '02020080',
    '0209ffffffffffffffffff',
    '0600',
    '060180',
    '0606ffffffffffff7f',
    '0300',
    '030107',
    '030200ff',
    '03020780',
    '1f8100',
    '3f00',
    '170d3939313233313233353935395a',
    '180f39393939313233313233353935395a',
    '180f30303030303130313030303030305a',
    '1e0161',
    '0c02c3',
    '0c00',
    '1300',
    'a000',
    'a100',
    'a200',
    'a300',
    '8000',
    '8100',
    '06092a864886f70d010702',
    '06092a864886f70d010904',
    '0603551d13',
    '0603551d1e',
    '0603551d1c',
    '0603551d1b',
    '0603551d23',
    '06072b0601050507300102',
    '06092a864886f70d010105',
    '06052b0e03021a',
    '06082a864886f70d0205',
    '06092a864886f70d01010a',
    '06096086480165030402',
    '0603550406',
  ),
  xml: latin(
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?xml version="1.0"?>',
    '<?x ?>',
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '&b;',
    '&amp;',
    '&#0;',
    '&#xD;',
    '&#x10FFFF;',
    '&#xd800;',
    '&lt;',
    ' xmlns="urn:x"',
    ' xmlns:ds="urn:y"',
    ' xmlns=""',
    ' xml:id="a"',
    ' Id="a"',
    ' ID="a"',
    ' URI="#a"',
    ' URI=""',
    ' xml:space="preserve"',
    ' xmlns:xml="urn:z"',
    '<ds:Signature>',
    '</ds:Signature>',
    '<ds:Object>',
    '<ds:Reference URI="">',
    'xmldsig#sha1',
    'xmldsig#rsa-sha1',
    'REC-xml-c14n-20010315#WithComments',
    'http://www.w3.org/TR/1999/REC-xslt-19991116',
    '\r\n',
    '\r',
    '\t',
    '\u00c0\u00bc',
    '\u00ef\u00bb\u00bf',
    '\u00f4\u0090\u0080\u0080',
    '\u00ed\u00a0\u0080',
    '\0',
    '\u0001',
    '/>',
    '></',
    '"',
    "'",
  ),
  mail: latin(
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    '\r\n ',
    '\r\n\t',
    '\r\n--',
    '--',
    '\r\n.\r\n',
    '\0',
    '=\r\n',
    '=3D',
    '=?utf-8?q?=41?=',
    '=?utf-8?b?QQ==?=',
    '=?a?b?c',
    '?=',
    '=?utf-7?q?+AGE-?=',
    '=?utf-8*tr?b?xLA?=',
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b',
    'Content-Type: message/rfc822',
    'Content-Type: multipart/digest; boundary="b"',
    'Content-Type: multipart/mixed; boundary=',
    'Content-Transfer-Encoding: base64',
    'Content-Transfer-Encoding: quoted-printable',
    'Content-Transfer-Encoding: 7bit',
    "Content-Disposition: attachment; filename*=utf-8''a",
    '; boundary="',
    "; name*0*=utf-8''%41",
    '(((',
    ')))',
    '"',
    '\\',
    '<a@b>',
    ':;',
    'a@[1.2.3.4]',
    '\u00ff\u00fe',
  ),
  imap: IMAP,
  'imap-session': [...IMAP, ...latin('\nA> ', '\nB> ', '\\r\\n\nA+ ', '\nA.\n')],
}

/** Flips, cuts, doubles, overwrites, or takes a piece of another input in. Format-blind. */
export function bendOctets(
  octets: Uint8Array,
  other: Uint8Array,
  kind: MutatorKind,
  random: Random,
): Uint8Array {
  const at = random.whole(0, Math.max(0, octets.length - 1))
  switch (random.whole(0, 9)) {
    case 0:
      return changed(octets, at, (octet) => octet ^ (1 << random.whole(0, 7)))
    case 1:
      return changed(octets, at, () => random.whole(0, 255))
    case 2:
      return changed(octets, at, () => random.one([0, 1, 0x7f, 0x80, 0xfe, 0xff]))
    case 3:
      return changed(octets, at, (octet) => (octet + random.one([-1, 1])) & 0xff)
    case 4:
      return spliced(octets, at, Math.min(octets.length, at + random.whole(1, 16)), new Uint8Array())
    case 5: {
      const piece = octets.subarray(at, at + random.whole(1, 64))
      const times = random.chance(0.05) ? random.whole(2, 400) : 1
      return spliced(octets, at, at, Buffer.concat(Array.from({ length: times }, () => piece)))
    }
    case 6:
      return octets.subarray(0, at)
    case 7: {
      const from = random.whole(0, Math.max(0, other.length - 1))
      return spliced(octets, at, at, other.subarray(from, from + random.whole(1, 256)))
    }
    case 8:
      return spliced(octets, at, at, random.one(WORDS[kind]))
    default: {
      const word = random.one(WORDS[kind])
      return spliced(octets, at, Math.min(octets.length, at + word.length), word)
    }
  }
}

function changed(octets: Uint8Array, at: number, to: (octet: number) => number): Uint8Array {
  const copy = Uint8Array.from(octets)
  if (at < copy.length) copy[at] = to(copy[at]!)
  return copy
}

/** In place of `[from, to)`. */
export function spliced(octets: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  const out = new Uint8Array(from + piece.length + octets.length - to)
  out.set(octets.subarray(0, from))
  out.set(piece, from)
  out.set(octets.subarray(to), from + piece.length)
  return out
}
