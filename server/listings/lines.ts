/** One line of a file; `text` is undefined where it is too long or no UTF-8. */
export interface NumberedLine {
  /** From 1. */
  readonly number: number
  readonly text: string | undefined
  /** False for a last line without an end: the file may have been cut off there. */
  readonly ended: boolean
}

/** A public key and every field at its longest stay below. */
export const MAX_LINE_OCTETS = 32 * 1024

/** Cuts octets into lines; holds no more than one of at most {@link MAX_LINE_OCTETS}, whatever comes. Empty lines are left out. */
export async function* linesOf(octets: AsyncIterable<Uint8Array>): AsyncGenerator<NumberedLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let number = 1
  let held: Buffer[] = []
  let length = 0
  const take = (piece: Uint8Array): void => {
    length += piece.length
    if (length > MAX_LINE_OCTETS) held = []
    else held.push(Buffer.from(piece))
  }
  const line = (ended: boolean): NumberedLine | undefined => {
    const text = length > MAX_LINE_OCTETS ? undefined : textOf(decoder, Buffer.concat(held))
    const made = text?.trim() === '' ? undefined : { number, text, ended }
    number++
    held = []
    length = 0
    return made
  }
  for await (const chunk of octets) {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      take(chunk.subarray(start, end))
      start = end + 1
      const made = line(true)
      if (made !== undefined) yield made
    }
    take(chunk.subarray(start))
  }
  const last = length > 0 ? line(false) : undefined
  if (last !== undefined) yield last
}

function textOf(decoder: TextDecoder, octets: Uint8Array): string | undefined {
  try {
    return decoder.decode(octets)
  } catch {
    return undefined
  }
}
