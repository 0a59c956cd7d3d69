/**
 * Messages with NUL octets, as BINARY lets clients append them. [RFC 9051 §6.3.12] A literal cannot carry NUL, so that what is binary is
 * kept in base64: the same content, which BINARY hands out again as it came. What is signed or encrypted is never written anew.
 */
import type { MimeIndex, MimePart } from '../../../mail/mime-part.ts'
import type { StagedBlob } from '../../../storage/port.ts'

/** Leaves that are binary, in the order of their octets; undefined where one of them lies in what was signed or encrypted. */
export function binaryParts({ root, faults }: MimeIndex): readonly MimePart[] | undefined {
  if (faults.length > 0) return undefined
  const found: MimePart[] = []
  const pending: { part: MimePart; isSealed: boolean }[] = [{ part: root, isSealed: false }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { part, isSealed } = next
    const seals = isSealed || SEALED.has(`${part.type}/${part.subtype}`)
    for (const child of part.children.toReversed()) pending.push({ part: child, isSealed: seals })
    if (part.children.length > 0 || part.encoding !== 'binary') continue
    if (seals) return undefined
    found.push(part)
  }
  return found
}

const SEALED: ReadonlySet<string> = new Set([
  'multipart/signed',
  'multipart/encrypted',
  'application/pkcs7-mime',
  'application/x-pkcs7-mime',
])

/** The message with these parts in base64, every other octet as it was. */
export async function* inBase64(staged: StagedBlob, parts: readonly MimePart[]): AsyncGenerator<Buffer> {
  let from = 0
  for (const part of parts) {
    yield* octets(staged, from, part.headerStart)
    const header: Buffer[] = []
    for await (const piece of octets(staged, part.headerStart, part.bodyStart)) header.push(piece)
    yield encodedAsBase64(Buffer.concat(header))
    yield* base64Lines(octets(staged, part.bodyStart, part.bodyEnd))
    from = part.bodyEnd
  }
  yield* octets(staged, from, staged.ref.size)
}

async function* octets(staged: StagedBlob, start: number, end: number): AsyncGenerator<Buffer> {
  if (start === end) return
  for await (const piece of staged.open({ start, end }))
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
}

/** A header, with its blank line, that had another Content-Transfer-Encoding. */
function encodedAsBase64(header: Buffer): Buffer {
  const text = header.toString('latin1')
  const field = /^content-transfer-encoding[ \t]*:.*\r?\n(?:[ \t].*\r?\n)*/im
  return Buffer.from(text.replace(field, 'Content-Transfer-Encoding: base64\r\n'), 'latin1')
}

/** Octets of a line of 76 characters. [RFC 2045 §6.8] */
const LINE = 57

async function* base64Lines(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of pieces) {
    const all = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    const whole = all.length - (all.length % LINE)
    if (whole > 0) yield lines(all.subarray(0, whole))
    rest = Buffer.from(all.subarray(whole))
  }
  if (rest.length > 0) yield lines(rest)
}

const lines = (octets: Buffer): Buffer =>
  Buffer.from(octets.toString('base64').replace(/.{1,76}/g, '$&\r\n'), 'latin1')
