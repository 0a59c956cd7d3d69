/** Reads header fields as octets: one char per octet (latin1), unfolded, never repaired. [RFC 5322 §2.2] */
export interface HeaderField {
  /** As written. */
  name: string
  /** Lower case, for comparison. */
  key: string
  /** Unfolded, without the white space at both ends; one char per octet. */
  value: string
}

/** The fields of a header block. */
export const readHeader = (block: Uint8Array): HeaderField[] => [...headerFields(block)]

/** Splits a header block into its fields, one by one; a line that is no field and no continuation is passed over. */
export function* headerFields(block: Uint8Array): Generator<HeaderField> {
  let current: string[] = []
  for (const line of linesOf(block)) {
    if ((line.startsWith(' ') || line.startsWith('\t')) && current.length > 0) current.push(line)
    else {
      const field = readField(current)
      if (field !== undefined) yield field
      current = [line]
    }
  }
  const field = readField(current)
  if (field !== undefined) yield field
}

/** Up to the blank line, without their ends. */
function* linesOf(block: Uint8Array): Generator<string> {
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1')
  for (let at = 0; at < text.length; ) {
    const feed = text.indexOf('\n', at)
    const next = feed < 0 ? text.length : feed + 1
    const end = feed < 0 ? next : text[feed - 1] === '\r' && feed > at ? feed - 1 : feed
    if (end === at) return
    yield text.slice(at, end)
    at = next
  }
}

/** One field from its physical lines; undefined where it has no legal name. [RFC 5322 §3.6.8] */
export function readField(lines: readonly string[]): HeaderField | undefined {
  const first = lines[0] ?? ''
  const colon = first.indexOf(':')
  if (colon <= 0) return undefined
  const name = trimBlanks(first.slice(0, colon), 'end')
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name)) return undefined
  const value = trimBlanks(first.slice(colon + 1) + lines.slice(1).join(''), 'both')
  return { name, key: name.toLowerCase(), value }
}

/** Spaces and tabs only. A pattern that looks for the last of them would begin anew at each of a long run in the middle. */
function trimBlanks(text: string, sides: 'end' | 'both'): string {
  let [from, to] = [0, text.length]
  while (to > 0 && isBlank(text.charCodeAt(to - 1))) to--
  while (sides === 'both' && from < to && isBlank(text.charCodeAt(from))) from++
  return text.slice(from, to)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** A structured value `token; name=value; …`. [RFC 2045 §5.1] [RFC 2231 §3] */
export interface ParameterValue {
  /** Lower case. */
  value: string
  params: Map<string, string>
}

/** A name longer than this is nobody's parameter, and a hundred of them are an attack. */
const MAX_PARAMETERS = 100

/** Reads Content-Type and Content-Disposition values; what cannot be read is left out, never guessed. */
export function readParameters(written: string): ParameterValue {
  const text = withoutComments(written)
  const params = new Map<string, string>()
  const end = text.indexOf(';')
  const value = (end < 0 ? text : text.slice(0, end)).trim().toLowerCase()
  let position = end < 0 ? text.length : end
  let equals = -1
  while (position < text.length && params.size < MAX_PARAMETERS) {
    position++ // the semicolon
    // Looked for again only once it is passed, so that no octet is read for each semicolon before it.
    if (equals < position) equals = text.indexOf('=', position)
    if (equals < 0) break
    const semicolon = text.indexOf(';', position)
    if (semicolon >= 0 && semicolon < equals) {
      position = semicolon
      continue
    }
    const name = text.slice(position, equals).trim().toLowerCase()
    const read = readValue(text, equals + 1)
    if (name !== '' && !params.has(name)) params.set(name, read.value)
    position = text.indexOf(';', read.end)
    if (position < 0) break
  }
  return { value, params }
}

function readValue(text: string, from: number): { value: string; end: number } {
  let position = from
  while (text[position] === ' ' || text[position] === '\t') position++
  if (text[position] !== '"') {
    const end = text.indexOf(';', position)
    const stop = end < 0 ? text.length : end
    return { value: text.slice(position, stop).trim(), end: stop }
  }
  const pieces: string[] = []
  for (position++; position < text.length && text[position] !== '"'; position++) {
    if (text[position] === '\\') position++
    pieces.push(text[position] ?? '')
  }
  return { value: pieces.join(''), end: position + 1 }
}

/**
 * Comments stand anywhere outside quoted strings, within each other too. [RFC 5322 §3.2.2] One that does not end goes as
 * far as the next semicolon.
 */
function withoutComments(text: string): string {
  if (!text.includes('(')) return text
  const kept: string[] = []
  let from = 0
  let quoted = false
  let unended = false
  for (let at = 0; at < text.length; at++) {
    if (quoted && text[at] === '\\') at++
    else if (text[at] === '"') quoted = !quoted
    else if (text[at] === '(' && !quoted) {
      kept.push(text.slice(from, at), ' ')
      const end: number = unended ? -1 : endOfComment(text, at)
      unended ||= end < 0 // and so is every one behind it: no octet is read more than twice
      const semicolon: number = end >= 0 ? -1 : text.indexOf(';', at)
      from = end >= 0 ? end : semicolon < 0 ? text.length : semicolon
      at = from - 1
    }
  }
  kept.push(text.slice(from))
  return kept.join('')
}

/** Behind its last parenthesis; -1 where that is missing. */
function endOfComment(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '(') depth++
    else if (text[at] === ')' && --depth === 0) return at + 1
  }
  return -1
}
