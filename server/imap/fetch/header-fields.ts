/**
 * The fields of a header that are asked for (or all others), octet for octet with their folding, and the blank line.
 * [RFC 9051 §6.4.5.1]
 */
export function selectFields(header: Buffer, fields: ReadonlySet<string>, not: boolean): Buffer {
  const kept: Buffer[] = []
  let keep = false
  let at = 0
  while (at < header.length) {
    const feed = header.indexOf(LF, at)
    const end = feed < 0 ? header.length : feed + 1
    const first = header[at]
    if (first === LF || (first === CR && header[at + 1] === LF)) break
    // A line that begins with white space belongs to the field before it. [RFC 5322 §2.2.3]
    if (first !== SPACE && first !== TAB) keep = fields.has(nameAt(header, at, end)) !== not
    if (keep) kept.push(header.subarray(at, end))
    at = end
  }
  return Buffer.concat([...kept, Buffer.from('\r\n')])
}

function nameAt(header: Buffer, from: number, to: number): string {
  const colon = header.subarray(from, Math.min(to, from + LONGEST_NAME)).indexOf(COLON)
  return colon < 0
    ? ''
    : header
        .toString('latin1', from, from + colon)
        .trim()
        .toLowerCase()
}

/** Longer than any name that may be asked for. */
const LONGEST_NAME = 256
const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9
const COLON = 58
