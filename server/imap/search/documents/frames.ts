/** What passes between the server and the process that reads PDF: octets of the length (32 bits, big-endian), kind, content. */
export interface Frame {
  readonly kind: number
  readonly content: Buffer
}

/** To the process. */
export const ASK = { piece: 1, whole: 2, next: 3 } as const
/** From it, one for each `whole` and each `next`; the end tells the ms of processor time that the document took (32 bits). */
export const ANSWER = { text: 1, end: 2 } as const

/** Octets of one frame: a piece of a document, or the text of a page. */
export const MAX_FRAME = 4_194_304

const HEAD = 5

export function frame(kind: number, content: Uint8Array = new Uint8Array()): Buffer {
  const octets = Buffer.allocUnsafe(HEAD + content.length)
  octets.writeUInt32BE(content.length)
  octets[4] = kind
  octets.set(content, HEAD)
  return octets
}

/** Ends where the stream does, and at a frame that is longer than any may be. */
export async function* framesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame, void> {
  let held: Buffer[] = []
  let size = 0
  let wanted = HEAD
  for await (const piece of stream) {
    held.push(piece)
    size += piece.length
    while (size >= wanted) {
      let octets = Buffer.concat(held)
      while (octets.length >= wanted) {
        wanted = HEAD + octets.readUInt32BE()
        if (wanted > HEAD + MAX_FRAME) return
        if (octets.length < wanted) break
        yield { kind: octets[4]!, content: octets.subarray(HEAD, wanted) }
        octets = octets.subarray(wanted)
        wanted = HEAD
      }
      held = [octets]
      size = octets.length
    }
  }
}
