import { decodeCharset, decodeHeaderText } from './encoded-word.ts'
import type { MimePart } from './mime-part.ts'

/**
 * Every name under which some program would save a part: programs differ in which parameter and which of its forms they
 * read. The one that people are shown comes first; none where it gives none. [RFC 2183 §2.3] [RFC 2045 §5.1]
 */
export const fileNamesOf = ({ disposition, params }: MimePart): string[] => [
  ...namesIn(disposition?.params ?? new Map(), 'filename'),
  ...namesIn(params, 'name'),
]

function namesIn(params: ReadonlyMap<string, string>, name: string): string[] {
  const plain = params.get(name)
  const names = [parameterText(params, name), plain === undefined ? undefined : decodeHeaderText(plain)]
  return [...new Set(names.filter((text) => text !== undefined))]
}

/** More pieces than this are nobody's name. */
const MAX_PIECES = 50

/**
 * A parameter's text: in pieces, with a charset, or plain (which writers fill with encoded words). The forms that say
 * more come first. [RFC 2231 §3] [RFC 2231 §4]
 */
export function parameterText(params: ReadonlyMap<string, string>, name: string): string | undefined {
  const pieces: Buffer[] = []
  let charset = ''
  for (let number = 0; number < MAX_PIECES; number++) {
    const key = number === 0 && params.has(`${name}*`) ? `${name}*` : `${name}*${number}`
    const plain = params.get(key)
    const extended = key === `${name}*` ? plain : params.get(`${key}*`)
    if (extended === undefined && plain === undefined) break
    if (extended === undefined) pieces.push(Buffer.from(plain ?? '', 'latin1'))
    else if (number > 0) pieces.push(percentDecoded(extended))
    else {
      const quoted = /^([^']*)'[^']*'(.*)$/s.exec(extended)
      charset = quoted?.[1] ?? ''
      pieces.push(percentDecoded(quoted?.[2] ?? extended))
    }
    if (key === `${name}*`) break
  }
  if (pieces.length > 0) return decodeCharset(Buffer.concat(pieces), charset)
  const plain = params.get(name)
  return plain === undefined ? undefined : decodeHeaderText(plain)
}

const percentDecoded = (text: string): Buffer =>
  Buffer.from(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
