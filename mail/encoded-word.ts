/**
 * Turns a raw header value (one char per octet) into text for people: RFC 2047 encoded words are decoded, raw
 * octets are read as UTF-8. Octets that mean nothing become U+FFFD; the raw value stays what was signed.
 * [RFC 2047 §2]
 */
export function decodeHeaderText(raw: string): string {
  // As most are.
  if (!/=\?|[^\x00-\x7f]/.test(raw)) return raw
  const pieces: { charset: string; bytes: Buffer[]; encoded: boolean }[] = []
  let last = 0
  for (const match of raw.slice(0, MAX_DECODED).matchAll(ENCODED_WORD)) {
    const between = raw.slice(last, match.index)
    const previous = pieces.at(-1)
    // White space between two encoded words belongs to neither. [RFC 2047 §6.2]
    if (between !== '' && !(previous?.encoded && /^[ \t\r\n]*$/.test(between))) pieces.push(literal(between))
    const charset = (match[1] ?? '').split('*')[0] ?? ''
    const bytes = (match[2] ?? '').toLowerCase() === 'b' ? base64(match[3] ?? '') : qEncoding(match[3] ?? '')
    const neighbour = pieces.at(-1)
    // A character may be cut between two words of one charset by careless writers: join their octets first.
    if (neighbour?.encoded && neighbour.charset === charset) neighbour.bytes.push(bytes)
    else pieces.push({ charset, bytes: [bytes], encoded: true })
    last = (match.index ?? 0) + match[0].length
  }
  if (last < raw.length) pieces.push(literal(raw.slice(last)))
  const unknown = new Set<string>()
  return pieces.map(({ charset, bytes }) => decoderOf(charset, unknown).decode(Buffer.concat(bytes))).join('')
}

/** Characters of a value in which encoded words are looked for: twice what the most recipients that a message may have need. */
const MAX_DECODED = 131_072

/** Text of octets in a named charset; an unknown name is read as UTF-8 rather than refused. */
export const decodeCharset = (bytes: Uint8Array, charset: string): string =>
  decoderOf(charset, new Set()).decode(bytes)

/** Making one takes longer than decoding a subject by it. */
const decoders = new Map<string, TextDecoder>()
const UTF8 = new TextDecoder('utf-8')

/** A refusal takes a hundred times as long as a word does, and no writer makes up more names than this in one value. */
const MAX_UNKNOWN = 8

/** @param unknown names that were refused before in the same value */
function decoderOf(charset: string, unknown: Set<string>): TextDecoder {
  const label = charset.toLowerCase()
  if (label === '' || label === 'utf-8') return UTF8
  if (unknown.has(label) || unknown.size >= MAX_UNKNOWN) return UTF8
  const known = decoders.get(label)
  if (known !== undefined) return known
  try {
    const made = new TextDecoder(label)
    decoders.set(label, made) // the standard has some two hundred labels, and no other comes here
    return made
  } catch {
    unknown.add(label)
    return UTF8
  }
}

/** At most 75 characters by the standard [RFC 2047 §2]; writers exceed it, an attacker would exceed anything. */
const ENCODED_WORD = /=\?([\w*.:+-]{1,60})\?([bBqQ])\?([^?\x00-\x20]{0,2000})\?=/g

const literal = (text: string) => ({ charset: 'utf-8', bytes: [Buffer.from(text, 'latin1')], encoded: false })
const base64 = (text: string): Buffer => Buffer.from(text, 'base64')
const qEncoding = (text: string): Buffer =>
  Buffer.from(
    text
      .replaceAll('_', ' ')
      .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
