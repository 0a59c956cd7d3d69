/** Mail without signatures: parts, fields, parameters, addresses, encodings. */
import { readAddressList } from '../../../mail/address-list.ts'
import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import { readHeader, readParameters } from '../../../mail/header-read.ts'
import { decodeIndex, encodeIndex } from '../../../mail/mime-codec.ts'
import { MimeIndexer } from '../../../mail/mime-index.ts'
import type { MimeIndex, MimePart } from '../../../mail/mime-part.ts'
import { transferDecoder } from '../../../mail/transfer-decoder.ts'
import { mimeShapes } from '../../../test/fakes/mime-shapes.ts'
import { Broken, bucket, type Growth, type Target } from '../target.ts'

const HEADER =
  'From: "Ayşe" <a@hs98.kep.tr>, grup: b@hs98.kep.tr (yorum);\r\nSubject: =?utf-8?q?=C4=B0?= =?iso-8859-9?b?/g==?=\r\nMIME-Version: 1.0\r\n'

export function indexOf(octets: Buffer, step: number): MimeIndex {
  const indexer = new MimeIndexer()
  for (let at = 0; at < octets.length; at += step) indexer.push(octets.subarray(at, at + step))
  return indexer.end()
}

export const mime: Target = {
  name: 'mime',
  kind: 'mail',
  weight: 3,
  seeds: async () =>
    [...mimeShapes.values()].map((shape) =>
      Buffer.concat([Buffer.from(HEADER, 'latin1'), shape.subarray(0, 4000)]),
    ),
  run(input) {
    const octets = Buffer.from(input)
    const index = indexOf(octets, Math.max(1, octets.length))
    const written = encodeIndex(index)
    if (!Buffer.from(encodeIndex(indexOf(octets, 1 + (octets.length % 53)))).equals(written))
      throw new Broken('the same octets in other pieces have other parts')
    if (!Buffer.from(encodeIndex(decodeIndex(written))).equals(written))
      throw new Broken('an index is read back otherwise')
    const seen = { parts: 0, irregular: 0 }
    look(index.root, octets, 0, octets.length, seen)
    const { count, clean } = readFields(octets)
    return `${index.faults} ${bucket(seen.parts)} ${seen.irregular > 0} ${bucket(count)} ${clean > 0} ${index.root.children.length > 0}`
  },
  work(input) {
    const octets = Buffer.from(input)
    indexOf(octets, octets.length)
    readFields(octets)
  },
  growth: [
    field('blanks in a value', (octets) => `a${' '.repeat(octets)}b`),
    field('blanks, folded', (octets) => `a${'\r\n '.repeat(octets / 3)}b`),
    field('semicolons', (octets) => `a/b${';'.repeat(octets)}c=d`),
    field(
      'parameters',
      (octets) => `a/b${Array.from({ length: octets / 8 }, (_, at) => `;a${at}=b`).join('')}`,
    ),
    field('comments', (octets) => `a/b${'()'.repeat(octets / 2)}`),
    field('comments without end', (octets) => `a/b${'(;'.repeat(octets / 2)}`),
    field('quotes', (octets) => `a/b; c=${'""'.repeat(octets / 2)}`),
    field('backslashes', (octets) => `a/b; c="${'\\'.repeat(octets)}`),
    field('encoded words', (octets) => '=?utf-8?q?a?= '.repeat(octets / 14)),
    field('encoded words of unknown charsets', (octets) =>
      Array.from({ length: octets / 12 }, (_, at) => `=?x${at % 97}?q?a?= `).join(''),
    ),
    field('beginnings of encoded words', (octets) => '=?utf-8?q?'.repeat(octets / 10)),
    field('addresses', (octets) => 'a@b,'.repeat(octets / 4)),
    field('groups', (octets) => 'a:b;'.repeat(octets / 4)),
    field('brackets', (octets) => '<'.repeat(octets)),
    { name: 'empty lines', make: (octets) => Buffer.alloc(octets, '\r\n') },
    { name: 'bare LFs', make: (octets) => Buffer.alloc(octets, '\n') },
    { name: 'one line', make: (octets) => Buffer.from(`A: b\r\n\r\n${'x'.repeat(octets)}`) },
    { name: 'fields', make: (octets) => Buffer.from('a:b\r\n'.repeat(octets / 5)) },
    {
      name: 'parts',
      make: (octets) =>
        Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(octets / 7)}`),
    },
    {
      name: 'lines like boundaries of many parts',
      make: (octets) => nested(62, '--!\r\n'.repeat(octets / 5)),
    },
    {
      name: 'quoted-printable',
      make: (octets) =>
        Buffer.from(`Content-Transfer-Encoding: quoted-printable\r\n\r\n${'= \r\n'.repeat(octets / 4)}`),
    },
    {
      name: 'spaces in quoted-printable',
      make: (octets) =>
        Buffer.from(`Content-Transfer-Encoding: quoted-printable\r\n\r\n${' '.repeat(octets)}`),
    },
  ],
}

function field(name: string, value: (octets: number) => string): Growth {
  return { name, make: (octets) => Buffer.from(`Content-Type: ${value(octets)}\r\n\r\n`, 'latin1') }
}

/** Each part has a boundary of one letter. */
function nested(depth: number, body: string): Buffer {
  const header = Array.from({ length: depth }, (_, at) => String.fromCharCode(64 + at))
    .map(
      (letter) =>
        `Content-Type: multipart/mixed; boundary="${letter === '\\' ? '\\\\' : letter}"\r\n\r\n--${letter}\r\n`,
    )
    .join('')
  return Buffer.from(header + body)
}

/** Each field as every kind of field. */
function readFields(octets: Buffer): { count: number; clean: number } {
  const fields = readHeader(octets)
  let clean = 0
  for (const { value } of fields) {
    decodeHeaderText(value)
    readParameters(value)
    if (readAddressList(value).clean) clean++
  }
  return { count: fields.length, clean }
}

/**
 * Parts lie within what they are parts of. One of no octets may begin behind it: where the delimiter of an outer part follows
 * at once, the line end between them is the outer one's.
 */
function look(
  part: MimePart,
  octets: Buffer,
  from: number,
  to: number,
  seen: { parts: number; irregular: number },
): void {
  seen.parts++
  const { headerStart, bodyStart, bodyEnd } = part
  const isEmpty = headerStart === bodyEnd
  if (headerStart < from || bodyStart < headerStart || bodyEnd < bodyStart || (bodyEnd > to && !isEmpty))
    throw new Broken('a part reaches out of the one around it')
  const decoder = transferDecoder(part.encoding)
  decoder.push(octets.subarray(bodyStart, bodyEnd))
  if (decoder.irregular) seen.irregular++
  for (const child of part.children) look(child, octets, bodyStart, bodyEnd, seen)
}
