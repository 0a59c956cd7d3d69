/** 76 characters a line. [RFC 2045 §6.8] */
const LINE_OCTETS = 57
/** Encoded at once; the text of a large attachment as one piece would be held twice over. */
const PIECE_OCTETS = LINE_OCTETS * 4096

/** Base64 in lines of 76 with CRLF between them and none at the end. */
export function base64Lines(octets: Uint8Array): string {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
  const pieces: string[] = []
  for (let at = 0; at < buffer.length; at += PIECE_OCTETS)
    pieces.push(
      buffer
        .subarray(at, at + PIECE_OCTETS)
        .toString('base64')
        .replace(/.{76}(?=.)/g, '$&\r\n'),
    )
  return pieces.join('\r\n')
}
