/**
 * Writes header fields from values, so that no value can end its field: line breaks and controls become spaces,
 * what is not ASCII becomes encoded words, and every line is folded. [RFC 5322 §2.2.3] [RFC 2047 §2]
 */

export interface WrittenMailbox {
  readonly name?: string | undefined
  /** addr-spec without angle brackets. */
  readonly address: string
}

/** A value that no header can carry; `detail` does not quote it. */
export class HeaderError extends Error {
  override readonly name = 'HeaderError'
  readonly code: 'BAD_NAME' | 'BAD_ADDRESS' | 'BAD_ID' | 'BAD_PARAMETER'

  constructor(code: HeaderError['code'], detail: string) {
    super(`${code}: ${detail}`)
    this.code = code
  }
}

/** [RFC 5322 §2.1.1] asks for 78 and forbids more than 998. */
const PREFERRED_LINE = 78
const LONGEST_LINE = 998
/** Longest encoded word. [RFC 2047 §2] */
const ENCODED_WORD = 75

/** Free text, for instance a subject. Ends with CRLF, as everything here. */
export const textField = (name: string, text: string): string =>
  field(name, words(text, nameOf(name).length + 2))

/** A list of mailboxes; an empty list is the caller's mistake. [RFC 5322 §3.4] */
export function addressField(name: string, mailboxes: readonly WrittenMailbox[]): string {
  if (mailboxes.length === 0) throw new HeaderError('BAD_ADDRESS', 'no mailbox')
  const last = mailboxes.length - 1
  return field(
    name,
    mailboxes.flatMap((mailbox, index) => {
      const written = mailboxWords(mailbox)
      return index === last ? written : [...written.slice(0, -1), `${written.at(-1)},`]
    }),
  )
}

/** Message-IDs with their angle brackets. [RFC 5322 §3.6.4] */
export function idField(name: string, ids: readonly string[]): string {
  if (ids.length === 0 || !ids.every(isMessageId)) throw new HeaderError('BAD_ID', 'no message id')
  return field(name, ids)
}

/** True for what can stand in Message-ID, References and In-Reply-To. */
export const isMessageId = (id: string): boolean =>
  id.length <= 990 && /^<[\x21-\x3b\x3d\x3f-\x7e]+>$/.test(id)

/** `token; name="value"; …` [RFC 2045 §5.1] */
export function parameterField(
  name: string,
  value: string,
  parameters: Readonly<Record<string, string>> = {},
): string {
  const written = Object.entries(parameters).map(([key, text]) => `${key}=${parameterValue(text)}`)
  const all = [value, ...written]
  return field(
    name,
    all.map((part, index) => (index === all.length - 1 ? part : `${part};`)),
  )
}

/** UTC, so that nobody has to know a zone to compare. [RFC 5322 §3.3] */
export const dateField = (name: string, date: Date): string =>
  field(name, [date.toUTCString().replace(/GMT$/, '+0000')])

/** Names are tokens of ours or of the configuration, never of a message. [RFC 5322 §3.6.8] */
function nameOf(name: string): string {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,75}$/.test(name)) throw new HeaderError('BAD_NAME', 'not a field name')
  return name
}

/** Joins words with one space each, and folds before a space where the line would grow past 78. */
function field(name: string, all: readonly string[]): string {
  let line = `${nameOf(name)}:`
  const lines: string[] = []
  for (const word of all) {
    if (line.length + 1 + word.length > PREFERRED_LINE && !/^\S+:$/.test(line) && line.trim() !== '') {
      lines.push(line)
      line = ''
    }
    line += ` ${word}`
  }
  return [...lines, line].join('\r\n') + '\r\n'
}

/** Text as words: as written where it is plain, otherwise encoded as a whole. */
function words(text: string, used: number): string[] {
  const clean = withoutControls(text)
  const pieces = clean.split(' ')
  const plain =
    /^[\x20-\x7e]*$/.test(clean) &&
    !clean.includes('=?') &&
    // Two spaces in a row, or at an end, would not survive folding.
    (clean === '' || pieces.every((piece) => piece !== '' && piece.length < LONGEST_LINE - 80))
  return plain ? pieces : encodedWords(clean, used)
}

/** Base64 words of whole characters: a reader decodes each word alone. [RFC 2047 §5] */
function encodedWords(text: string, used: number): string[] {
  const frame = '=?UTF-8?B?'.length + '?='.length
  const fits = (room: number): number => Math.floor((room - frame) / 4) * 3
  const out: string[] = []
  let octets: Buffer[] = []
  let size = 0
  let room = fits(Math.max(32, ENCODED_WORD - used))
  const finish = (): void => {
    out.push(`=?UTF-8?B?${Buffer.concat(octets).toString('base64')}?=`)
    octets = []
    size = 0
    room = fits(ENCODED_WORD)
  }
  for (const character of text) {
    const encoded = Buffer.from(character, 'utf8')
    if (size + encoded.length > room) finish()
    octets.push(encoded)
    size += encoded.length
  }
  finish()
  return out
}

const DOT_ATOM_ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/

function mailboxWords({ name = '', address }: WrittenMailbox): string[] {
  // Dot-atoms only: KEP addresses have no quoted local parts, and a quote is where injection begins. [RFC 5322 §3.2.3]
  if (address.length > 254 || !DOT_ATOM_ADDRESS.test(address))
    throw new HeaderError('BAD_ADDRESS', 'no plain mail address')
  const shown = withoutControls(name).trim()
  if (shown === '') return [`<${address}>`]
  const ascii = /^[\x20-\x7e]*$/.test(shown) && !shown.includes('=?') && shown.length < 200
  const phrase = ascii ? [`"${shown.replace(/["\\]/g, '\\$&')}"`] : encodedWords(shown, 8)
  return [...phrase, `<${address}>`]
}

const withoutControls = (text: string): string =>
  text
    .replace(/\r\n/g, ' ')
    .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ')
    .toWellFormed()

function parameterValue(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new HeaderError('BAD_PARAMETER', 'a parameter that is not ASCII')
  return /^[A-Za-z0-9!#$&+.^_`|~-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}
