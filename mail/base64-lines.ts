/** Base64 in lines of 76 with CRLF between them and none at the end. [RFC 2045 §6.8] */
export function base64Lines(octets: Uint8Array): string {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64')
  return text.match(/.{1,76}/g)?.join('\r\n') ?? ''
}
