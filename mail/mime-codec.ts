import type { MimeIndex, MimePart } from './mime-part.ts'

/** The index as octets that a store keeps beside a message and never looks into. */
export const encodeIndex = (index: MimeIndex): Uint8Array =>
  Buffer.from(JSON.stringify(index, (_, value: unknown) => (value instanceof Map ? [...value] : value)))

/** Reads back what {@link encodeIndex} wrote; throws SyntaxError on anything else. */
export function decodeIndex(bytes: Uint8Array): MimeIndex {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const index: MimeIndex = JSON.parse(text)
  const pending: MimePart[] = [index.root]
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    part.params = new Map(part.params)
    if (part.disposition) part.disposition.params = new Map(part.disposition.params)
    pending.push(...part.children)
  }
  return index
}
