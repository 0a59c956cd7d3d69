/** Quoted-printable for text of our own: always 7bit, lines of at most 76, CRLF line ends. [RFC 2045 §6.7] */
export function quotedPrintable(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => softBreaks(encodeLine(line)))
    .join('\r\n')
}

/** White space at a line's end is encoded too: transports strip it, and the text is signed. */
function encodeLine(line: string): string[] {
  const units: string[] = []
  for (const octet of Buffer.from(line, 'utf8'))
    units.push(
      (octet >= 0x20 && octet <= 0x7e && octet !== 0x3d) || octet === 0x09
        ? String.fromCharCode(octet)
        : hex(octet),
    )
  const last = units.at(-1)
  if (last === ' ' || last === '\t') units[units.length - 1] = hex(last.charCodeAt(0))
  // A leading dot and "From " are changed by careless transports.
  if (units[0] === '.' || line.startsWith('From ')) units[0] = hex(units[0]!.charCodeAt(0))
  return units
}

function softBreaks(units: readonly string[]): string {
  let length = 0
  let out = ''
  for (const [index, unit] of units.entries()) {
    const reserve = index === units.length - 1 ? 0 : 1
    if (length + unit.length + reserve > 76) {
      out += '=\r\n'
      length = 0
    }
    out += unit
    length += unit.length
  }
  return out
}

const hex = (octet: number): string => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`
