import type { SMTPServerDataStream } from 'smtp-server'

/** After SIZE is exceeded this much more is read and thrown away so that the client hears why; then the connection ends. */
const OVERSIZE_GRACE = 1_048_576

/** Reads a little more, so that the refusal reaches a client that only listens after its last octet; false where more came. */
export async function readAway(stream: SMTPServerDataStream): Promise<boolean> {
  let left = OVERSIZE_GRACE
  for await (const chunk of chunksOf(stream)) {
    left -= chunk.length
    if (left < 0) return false
  }
  return true
}

/** Who stops reading in the middle leaves the rest for whoever answers; the stream is not destroyed. */
export const chunksOf = (stream: SMTPServerDataStream): AsyncIterable<Buffer> =>
  stream.iterator({ destroyOnReturn: false })
