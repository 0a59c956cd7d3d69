/** Bends elements, attributes and texts of XML, so that what is around them still fits. */
import type { Random } from '../../soak/power-loss/random.ts'

/** Tags and texts in order; `ends` says where the element of a start tag is over. */
export interface XmlSpots {
  readonly tokens: readonly string[]
  readonly ends: readonly number[]
}

export interface SpottedXml {
  readonly octets: Uint8Array
  readonly spots: XmlSpots
}

/** One char per octet: what is no UTF-8 stays what it is. */
export function xmlSpots(octets: Uint8Array): XmlSpots {
  const tokens =
    Buffer.from(octets)
      .toString('latin1')
      .match(/<[^>]*>|[^<]+/g) ?? []
  const ends = tokens.map((_, index) => index + 1)
  const open: number[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.startsWith('</')) ends[open.pop() ?? index] = index + 1
    else if (token.startsWith('<') && !token.endsWith('/>') && !/^<[?!]/.test(token)) open.push(index)
  }
  return { tokens, ends }
}

export function bendXml({ octets, spots }: SpottedXml, other: SpottedXml, random: Random): Uint8Array {
  const { tokens, ends } = spots
  if (tokens.length === 0) return octets
  const at = random.whole(0, tokens.length - 1)
  const end = ends[at]!
  const element = tokens.slice(at, end)
  const put = (...pieces: readonly string[]): Uint8Array =>
    Buffer.from([...tokens.slice(0, at), ...pieces, ...tokens.slice(end)].join(''), 'latin1')
  switch (random.whole(0, 9)) {
    case 0:
      return put()
    case 1:
      return put(...element, ...element)
    case 2: {
      const to = random.whole(0, tokens.length - 1)
      const without = [...tokens.slice(0, at), ...tokens.slice(end)]
      return Buffer.from([...without.slice(0, to), ...element, ...without.slice(to)].join(''), 'latin1')
    }
    case 3: {
      const from = random.whole(0, Math.max(0, other.spots.tokens.length - 1))
      return put(...other.spots.tokens.slice(from, other.spots.ends[from] ?? from))
    }
    case 4:
      return put(`<${random.one(NAMES)}>`, ...element, `</${random.one(NAMES)}>`)
    case 5:
      return put(tokens[at]!.replace(/(\/?>)$/, ` ${random.one(ATTRIBUTES)}$1`), ...element.slice(1))
    case 6:
      return put(tokens[at]!.replace(/ [\w:]+="[^"]*"/, ''), ...element.slice(1))
    case 7:
      return put(
        tokens[at]!.replace(/="[^"]*"/, () => `="${random.one(VALUES)}"`),
        ...element.slice(1),
      )
    case 8:
      return put(random.one(PIECES), ...element)
    default:
      return put(
        tokens[at]!.slice(0, random.whole(0, tokens[at]!.length)) + random.one(PIECES),
        ...element.slice(1),
      )
  }
}

const NAMES = ['a', 'ds:Object', 'ds:Signature', 'ds:Reference', 'xades:Cert', 'Extension', 'x:y', 'Id']
const ATTRIBUTES = [
  'Id="a"',
  'ID="a"',
  'xml:id="a"',
  'xmlns="urn:x"',
  'xmlns:ds="urn:x"',
  'xmlns:x="urn:y"',
  'a="1"',
  'x:a="1"',
  'xml:lang="tr"',
  'URI="#a"',
]
const VALUES = [
  '',
  '#a',
  'a',
  '#',
  'http://127.0.0.1/',
  'urn:x',
  '&#10;',
  '&lt;',
  '2147483648',
  'http://www.w3.org/2000/09/xmldsig#',
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2000/09/xmldsig#sha1',
]
const PIECES = [
  '<!-- x -->',
  '<![CDATA[x]]>',
  '<?x y?>',
  '&amp;',
  '&#xD;',
  '&#x1F600;',
  'x',
  '\r\n',
  '<a/>',
  ']]>',
  '&',
  '<',
  '>',
  '\0',
  '\u00ff',
]
