/**
 * `i;unicode-casemap`: each character in titlecase and decomposed, again and again until it changes no more; what is equal
 * then is equal, and texts stand in the order of what they become. [RFC 5051 §2]
 */
export function unicodeCasemap(text: string): string {
  // What is ASCII alone needs no more.
  if (!/[^\x00-\x7f]/.test(text)) return text.toUpperCase()
  let mapped = ''
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (length > FULL) {
      mapped += units.toString('utf16le', 0, length)
      length = 0
    }
    if (unit < 0x80) {
      units[length] = unit >= 0x61 && unit <= 0x7a ? unit - 0x20 : unit
      units[length + 1] = 0
      length += 2
      continue
    }
    const code = text.codePointAt(at) ?? unit
    if (code > 0xffff) at++
    if (isItself(code)) {
      length = units.writeUInt16LE(unit, length)
      if (code > 0xffff) length = units.writeUInt16LE(text.charCodeAt(at), length)
      continue
    }
    const bytes = near[code] ?? known.get(code) ?? learned(code)
    for (let n = 0; n < bytes.length; n++) units[length++] = bytes[n] ?? 0
  }
  return mapped + units.toString('utf16le', 0, length)
}

/** What is mapped, until it is a text: one place for all, since nothing waits in between. */
const units = Buffer.alloc(16_384)
/** One character becomes at most eighteen units (U+FDFA), and the last ones must have room. */
const FULL = units.length - 64

/**
 * Casemapped texts stand in the order of the octets of UTF-8, which is that of code points. [RFC 5051 §2] Units of UTF-16 do not, as
 * halves of pairs come before U+E000; so what is answered has those moved behind, and stands in that order as texts compare.
 */
export const inCodePointOrder = (mapped: string): string =>
  /[\ud800-\uffff]/.test(mapped) ? mapped.replace(/[\ud800-\uffff]/g, moved) : mapped

function moved(char: string): string {
  const unit = char.charCodeAt(0)
  return String.fromCharCode(unit < 0xe000 ? unit + 0x2000 : unit - 0x800)
}

/** Mappings of characters that were met; far more than a person's mail has, and no more. */
const MOST_KNOWN = 20_000
const known = new Map<number, Uint8Array>()

/** Latin, Greek and Cyrillic letters by themselves: looking into a map takes several times as long (measured). */
const near: (Uint8Array | undefined)[] = new Array(0x600).fill(undefined)

/** Of planes 0 and 1 a bit each, of which it was learned that nothing maps them: working that out takes ten times as long. */
const itself = new Uint8Array(0x20000 / 8)
/** The only ones behind these planes that are mapped. */
const COMPATIBILITY = [0x2f800, 0x2fa1f] as const

const isItself = (code: number): boolean =>
  code > 0x1ffff
    ? code < COMPATIBILITY[0] || code > COMPATIBILITY[1]
    : ((itself[code >> 3] ?? 0) & (1 << (code & 7))) !== 0

/** The octets of what it becomes, in UTF-16. */
function learned(code: number): Uint8Array {
  const char = String.fromCodePoint(code)
  const mapped = fixpoint(char)
  const octets = Buffer.from(mapped, 'utf16le')
  if (mapped === char && code <= 0x1ffff) {
    itself[code >> 3] = (itself[code >> 3] ?? 0) | (1 << (code & 7))
    return octets
  }
  if (code < near.length) near[code] = octets
  else if (known.size < MOST_KNOWN) known.set(code, octets)
  return octets
}

function fixpoint(char: string): string {
  let text = char
  for (;;) {
    const next = Array.from(text, (one) => decomposed(titlecase(one))).join('')
    if (next === text) return text
    text = next
  }
}

/** Hangul syllables have no decomposition in UnicodeData.txt: it is a rule beside it. */
const decomposed = (char: string): string => (/[\uac00-\ud7a3]/.test(char) ? char : char.normalize('NFKD'))

/** Digraphs whose titlecase is neither their upper nor their lower case. */
const digraphs = new Map(
  [
    ['Ǆǅǆ', 'ǅ'],
    ['Ǉǈǉ', 'ǈ'],
    ['Ǌǋǌ', 'ǋ'],
    ['Ǳǲǳ', 'ǲ'],
  ].flatMap(([all = '', title = '']) => Array.from(all, (char): [string, string] => [char, title])),
)
/** Where titlecase is the letter itself, though it has an upper case. */
const GEORGIAN = /[\u10d0-\u10ff]/
/** Greek with a iota below, whose full upper case are two letters and whose titlecase is one. */
const IOTA_BELOW = /[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7]/
const IOTA_BELOW_ALONE = /[\u1fb3\u1fc3\u1ff3]/

/** The simple mapping of UnicodeData.txt: one character stays one, so `ß` is itself. */
function titlecase(char: string): string {
  const digraph = digraphs.get(char)
  if (digraph !== undefined) return digraph
  if (GEORGIAN.test(char)) return char
  if (IOTA_BELOW.test(char)) return String.fromCharCode(char.charCodeAt(0) + 8)
  if (IOTA_BELOW_ALONE.test(char)) return String.fromCharCode(char.charCodeAt(0) + 9)
  const upper = char.toUpperCase()
  return upper.length === char.length && Array.from(upper).length === 1 ? upper : char
}
