import { formatEnvelope } from './imap-envelope.ts'
import { structurePieces } from './imap-structure.ts'
import type { MimeEnvelope, MimeIndex, MimePart } from './mime-part.ts'

/**
 * The index as octets that a store keeps beside a message and never looks into: {@link LAYOUT}; three lengths, 32 bits each;
 * ENVELOPE and BODYSTRUCTURE as IMAP tells them, one octet a char; the envelope's fields as JSON; all else as JSON.
 *
 * What IMAP tells is made once, when the message comes, because clients ask it of whole mailboxes. Another way of telling it
 * is another layout; of older ones it is worked out at each question.
 */
export function encodeIndex(index: MimeIndex): Uint8Array {
  const { envelope, ...root } = index.root
  const pieces = [
    Buffer.from(kept([formatEnvelope(envelope ?? {})]), 'latin1'),
    Buffer.from(kept(structurePieces(index.root, true)), 'latin1'),
    Buffer.from(JSON.stringify(envelope ?? null)),
  ]
  const head = Buffer.alloc(HEAD)
  head[0] = LAYOUT
  for (const [at, { length }] of pieces.entries()) head.writeUInt32BE(length, 1 + at * 4)
  const rest = JSON.stringify({ ...index, root }, (_, value: unknown) =>
    value instanceof Map ? [...value] : value,
  )
  return Buffer.concat([head, ...pieces, Buffer.from(rest)])
}

const LAYOUT = 1
const HEAD = 13
/** Of what is longer nothing is kept: a message of ten thousand parts is not asked about often. */
const MAX_KEPT = 16_384

/** Empty where it is too long. */
function kept(pieces: Iterable<string>): string {
  let text = ''
  for (const piece of pieces) {
    text += piece
    if (text.length > MAX_KEPT) return ''
  }
  return text
}

/** Reads back what {@link encodeIndex} wrote; throws SyntaxError on anything else. */
export function decodeIndex(bytes: Uint8Array): MimeIndex {
  const octets = bufferOf(bytes)
  const index: MimeIndex = JSON.parse(octets.toString('utf8', isBare(octets) ? 0 : startOf(octets, 3)))
  const envelope = isBare(octets) ? index.root.envelope : envelopeIn(octets)
  if (envelope !== undefined) index.root.envelope = envelope
  const pending: MimePart[] = [index.root]
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    part.params = new Map(part.params)
    if (part.disposition) part.disposition.params = new Map(part.disposition.params)
    pending.push(...part.children)
  }
  return index
}

/** ENVELOPE as IMAP tells it, without reading the rest; undefined where it has to be worked out. */
export const keptEnvelope = (bytes: Uint8Array): string | undefined => keptText(bufferOf(bytes), 0)

/** BODYSTRUCTURE, as {@link keptEnvelope}. */
export const keptStructure = (bytes: Uint8Array): string | undefined => keptText(bufferOf(bytes), 1)

/** The envelope's fields of the message itself. */
export function envelopeFields(bytes: Uint8Array): MimeEnvelope {
  const octets = bufferOf(bytes)
  return (isBare(octets) ? decodeIndex(octets).root.envelope : envelopeIn(octets)) ?? {}
}

function envelopeIn(octets: Buffer): MimeEnvelope | undefined {
  const envelope: MimeEnvelope | null = JSON.parse(
    octets.toString('utf8', startOf(octets, 2), startOf(octets, 3)),
  )
  return envelope ?? undefined
}

function keptText(octets: Buffer, which: number): string | undefined {
  if (isBare(octets)) return undefined
  const [start, end] = [startOf(octets, which), startOf(octets, which + 1)]
  return start === end ? undefined : octets.toString('latin1', start, end)
}

function startOf(octets: Buffer, which: number): number {
  let start = HEAD
  for (let at = 0; at < which; at++) start += octets.readUInt32BE(1 + at * 4)
  return start
}

/** JSON alone, as it was before there was a layout. */
function isBare(octets: Buffer): boolean {
  if (octets[0] === BRACE) return true
  if (octets[0] !== LAYOUT || octets.length < HEAD) throw new SyntaxError('that is no MIME index')
  return false
}

const BRACE = 0x7b

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
