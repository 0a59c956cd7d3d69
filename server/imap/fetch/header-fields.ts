import type { BlobRef } from '../../../storage/port.ts'
import { type OctetSource, piecesOf } from '../octet-pieces.ts'
import type { Span } from '../retrieval-gate.ts'
import type { Section } from './items.ts'

/** Which fields: those of the list, or all others. */
export type ChosenFields = Pick<Section, 'text' | 'fields'>

/** What is chosen of a header, read anew at each call: nothing is held between two. */
export async function* chosenFields(
  source: OctetSource,
  body: BlobRef,
  header: Span,
  chosen: ChosenFields,
): AsyncGenerator<Buffer> {
  const selection = new FieldSelection(chosen)
  for await (const piece of piecesOf(source, body, header)) yield selection.push(piece)
  yield selection.end()
}

/**
 * The fields of a header that are asked for (or all others), octet for octet with their folding, and the blank line.
 * [RFC 9051 §6.4.5.1]
 */
export class FieldSelection {
  readonly #fields: ReadonlySet<string>
  readonly #named: boolean
  /** The beginning of a line. */
  #rest: Buffer = Buffer.alloc(0)
  #keep = false
  #ended = false

  constructor({ text, fields }: ChosenFields) {
    this.#fields = fields
    this.#named = text === 'FIELDS'
  }

  /** What is chosen of the lines that end in this piece. */
  push(piece: Buffer): Buffer {
    const octets = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const end = octets.lastIndexOf(LF) + 1
    this.#rest = octets.subarray(end)
    return this.#chosen(octets.subarray(0, end))
  }

  end(): Buffer {
    return Buffer.concat([this.#chosen(this.#rest), Buffer.from('\r\n')])
  }

  /** Copied line by line: a piece may have ten thousand, too many to be objects of their own. */
  #chosen(lines: Buffer): Buffer {
    const kept = Buffer.allocUnsafe(lines.length)
    let size = 0
    for (let at = 0; at < lines.length && !this.#ended; ) {
      const feed = lines.indexOf(LF, at)
      const end = feed < 0 ? lines.length : feed + 1
      const first = lines[at]
      this.#ended = first === LF || (first === CR && lines[at + 1] === LF)
      // A line that begins with white space belongs to the field before it. [RFC 5322 §2.2.3]
      if (first !== SPACE && first !== TAB)
        this.#keep = this.#fields.has(nameAt(lines, at, end)) === this.#named
      if (this.#keep && !this.#ended) size += lines.copy(kept, size, at, end)
      at = end
    }
    return kept.subarray(0, size)
  }
}

function nameAt(lines: Buffer, from: number, end: number): string {
  const most = Math.min(end, from + LONGEST_NAME)
  let colon = from
  while (colon < most && lines[colon] !== COLON) colon++
  return colon === most ? '' : lines.toString('latin1', from, colon).trim().toLowerCase()
}

/** Longer than any name that may be asked for. */
const LONGEST_NAME = 256
const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9
const COLON = 58
