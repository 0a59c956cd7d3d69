/** Reads header fields as octets: one char per octet (latin1), unfolded, never repaired. [RFC 5322 §2.2] */
export interface HeaderField {
  /** As written. */
  name: string
  /** Lower case, for comparison. */
  key: string
  /** Unfolded, without the white space at both ends; one char per octet. */
  value: string
}

/** Splits a header block into its fields; a line that is no field and no continuation is passed over. */
export function readHeader(block: Uint8Array): HeaderField[] {
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1')
  const fields: HeaderField[] = []
  let current: string[] = []
  const finish = () => {
    const field = current.length > 0 ? readField(current) : undefined
    if (field) fields.push(field)
    current = []
  }
  for (const line of text.split(/\r?\n/)) {
    if (line === '') break
    if ((line.startsWith(' ') || line.startsWith('\t')) && current.length > 0) current.push(line)
    else {
      finish()
      current = [line]
    }
  }
  finish()
  return fields
}

/** One field from its physical lines; undefined where it has no legal name. [RFC 5322 §3.6.8] */
export function readField(lines: readonly string[]): HeaderField | undefined {
  const first = lines[0] ?? ''
  const colon = first.indexOf(':')
  if (colon <= 0) return undefined
  const name = first.slice(0, colon).replace(/[ \t]+$/, '')
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name)) return undefined
  const value = (first.slice(colon + 1) + lines.slice(1).join('')).replace(/^[ \t]+|[ \t]+$/g, '')
  return { name, key: name.toLowerCase(), value }
}

/** A structured value `token; name=value; …`. [RFC 2045 §5.1] [RFC 2231 §3] */
export interface ParameterValue {
  /** Lower case. */
  value: string
  params: Map<string, string>
}

/** A name longer than this is nobody's parameter, and a hundred of them are an attack. */
const MAX_PARAMETERS = 100

/** Reads Content-Type and Content-Disposition values; what cannot be read is left out, never guessed. */
export function readParameters(text: string): ParameterValue {
  const params = new Map<string, string>()
  const end = text.indexOf(';')
  const value = stripComment(end < 0 ? text : text.slice(0, end)).toLowerCase()
  let position = end < 0 ? text.length : end
  while (position < text.length && params.size < MAX_PARAMETERS) {
    position++ // the semicolon
    const equals = text.indexOf('=', position)
    if (equals < 0) break
    const semicolon = text.indexOf(';', position)
    if (semicolon >= 0 && semicolon < equals) {
      position = semicolon
      continue
    }
    const name = stripComment(text.slice(position, equals)).toLowerCase()
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
    return { value: stripComment(text.slice(position, stop)), end: stop }
  }
  const pieces: string[] = []
  for (position++; position < text.length && text[position] !== '"'; position++) {
    if (text[position] === '\\') position++
    pieces.push(text[position] ?? '')
  }
  return { value: pieces.join(''), end: position + 1 }
}

function stripComment(text: string): string {
  const open = text.indexOf('(')
  return (open < 0 ? text : text.slice(0, open)).trim()
}
