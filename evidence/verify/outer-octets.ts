/**
 * Proves that nothing outside the signed part of one of our envelopes was changed: the outer octets are rebuilt from
 * the signed part and compared. Transports may put trace fields in front, and nothing else anywhere.
 */
import { readHeader } from '../../mail/header-read.ts'
import type { MimePart } from '../../mail/mime-part.ts'
import { LAYOUT, LAYOUT_FIELD, outerMime, signaturePart } from '../envelope/layout.ts'
import type { HashName } from '../ports.ts'

/** Fields that transports and mailboxes put in front of a message; they prove nothing and are not believed. */
const TRACE = new Set([
  'arc-authentication-results',
  'arc-message-signature',
  'arc-seal',
  'authentication-results',
  'delivered-to',
  'dkim-signature',
  'received',
  'received-spf',
  'return-path',
])

const MARK = `\r\n${LAYOUT_FIELD}: ${LAYOUT}\r\n`

/** True where the signed part says that it was written in our layout. */
export const hasLayout = (octets: Uint8Array, signed: MimePart): boolean =>
  headerText(octets, signed).includes(MARK)

/**
 * @param root the multipart/signed of the file
 * @returns what differs; undefined where every outer octet is the expected one
 */
export function strangeOctets(
  octets: Uint8Array,
  root: MimePart,
  cms: Uint8Array,
  hash: HashName,
): string | undefined {
  const [signed] = root.children
  const boundary = root.params.get('boundary')
  if (signed === undefined || boundary === undefined) return 'the envelope has no signed part'
  const inner = headerText(octets, signed)
  const header = inner.slice(0, inner.indexOf(MARK) + 2)
  const eightBit = inner.includes('\r\nContent-Transfer-Encoding: 8bit\r\n')
  const expected = Buffer.from(header + outerMime(hash, boundary, eightBit))
  const before = Buffer.from(octets.subarray(0, signed.headerStart))
  const start = before.length - expected.length
  if (start < 0 || !before.subarray(start).equals(expected))
    return 'the header is not the one that was signed'
  if (!onlyTrace(before.subarray(0, start))) return 'a field in front of the header is no trace field'
  const after = Buffer.from(signaturePart(cms, boundary))
  return after.equals(octets.subarray(signed.bodyEnd))
    ? undefined
    : 'something follows or precedes the signature'
}

function onlyTrace(octets: Uint8Array): boolean {
  if (octets.length === 0) return true
  const text = Buffer.from(octets).toString('latin1')
  // Whole fields only: what is glued to the first field of ours would change it.
  if (!text.endsWith('\r\n') || text.includes('\r\n\r\n') || /^[ \t\r]/.test(text)) return false
  const fields = readHeader(octets)
  const starts = text.split('\r\n').filter((line) => line !== '' && !/^[ \t]/.test(line))
  return fields.length === starts.length && fields.every(({ key }) => TRACE.has(key))
}

/** The header of a part with the CRLF of its last field, one char per octet. */
const headerText = (octets: Uint8Array, part: MimePart): string =>
  Buffer.from(octets.subarray(part.headerStart, part.bodyStart)).toString('latin1')
