/** Responses as a strict client takes them apart: what cannot be read that way is a fault of the server. [RFC 9051 §9] */
import { Broken } from '../target.ts'

/** Octets of all answers of a session; so much nobody asked for in some kilobytes. */
const MAX_OCTETS = 32 * 1024 * 1024

export interface Response {
  /** `+`, `*` or the tag. */
  readonly tag: string
  /** What follows, with literals in their places. */
  readonly text: string
}

/** Cuts what comes into responses. */
export class ResponseReader {
  #rest = ''
  /** Where the next line end is looked for: behind the literals. */
  #from = 0
  #octets = 0

  /** True in the middle of a response. */
  get open(): boolean {
    return this.#rest !== ''
  }

  *read(octets: string): Generator<Response> {
    this.#octets += octets.length
    if (this.#octets > MAX_OCTETS) throw new Broken('answers without end')
    this.#rest += octets
    for (;;) {
      const end = this.#rest.indexOf('\r\n', this.#from)
      if (end < 0) return
      const literal = /\{([0-9]+)\}$/.exec(this.#rest.slice(Math.max(this.#from, end - 14), end))
      if (literal !== null) {
        if (end + 2 + Number(literal[1]) > this.#rest.length) return
        this.#from = end + 2 + Number(literal[1])
        continue
      }
      const line = this.#rest.slice(0, end)
      this.#rest = this.#rest.slice(end + 2)
      this.#from = 0
      const space = line.indexOf(' ')
      const response = { tag: line.slice(0, space), text: line.slice(space + 1) }
      if (space < 0 || !isResponse(response))
        throw new Broken(`a response that cannot be read: ${JSON.stringify(line)}`)
      yield response
    }
  }
}

const STATUS = /^(?:OK|NO|BAD|BYE|PREAUTH) (?:\[[A-Z][A-Z0-9-]*(?: [^\]\r\n\0]+)?\] )?[\x20-\x7e]+$/
const NUMBERS = '(?: [1-9][0-9]*)*(?: \\(MODSEQ [0-9]+\\))?'
const SET = '[1-9][0-9]*(?::[1-9][0-9]*)?(?:,[1-9][0-9]*(?::[1-9][0-9]*)?)*'

/** By the first word of data; `v` stands for a value: an atom, a number, a string, a literal or a list. */
const DATA: ReadonlyMap<string, RegExp> = new Map([
  ['CAPABILITY', /^(?: [A-Za-z0-9=+:-]+)+$/],
  ['ENABLED', /^(?: [A-Za-z0-9=-]+)*$/],
  ['FLAGS', /^ l$/],
  ['LIST', /^ l v v(?: l)?$/],
  ['LSUB', /^ l v v$/],
  ['NAMESPACE', /^ [lv] [lv] [lv]$/],
  ['STATUS', /^ v l$/],
  ['SEARCH', new RegExp(`^${NUMBERS}$`)],
  ['SORT', new RegExp(`^${NUMBERS}$`)],
  [
    'ESEARCH',
    new RegExp(
      `^ t(?: UID)?(?: (?:MIN|MAX|COUNT|MODSEQ) [0-9]+| ALL ${SET}| (?:PARTIAL|ADDTO|REMOVEFROM) l)*$`,
    ),
  ],
  ['THREAD', /^(?: l+)?$/],
  ['ID', /^ [lv]$/],
  ['QUOTA', /^ v l$/],
  ['QUOTAROOT', /^ v(?: v)*$/],
  ['MYRIGHTS', /^ v v$/],
  ['METADATA', /^ v (?:l|v(?: v)*)$/],
  ['VANISHED', new RegExp(`^(?: \\(EARLIER\\))? ${SET}$`)],
  ['UIDBATCHES', new RegExp(`^ t(?: ${SET})?$`)],
])
/** Whose values are written out in the pattern. */
const PLAIN: ReadonlySet<string> = new Set(['CAPABILITY', 'ENABLED', 'SEARCH', 'SORT', 'VANISHED'])

export function isResponse({ tag, text }: Response): boolean {
  if (tag === '+') return /^[\x20-\x7e]*$/.test(text)
  if (tag !== '*') return /^(?:OK|NO|BAD) /.test(text) && isStatus(text)
  if (/^[A-Z]+ ?/.test(text) && isStatus(text)) return true
  const numbered = /^([0-9]+) ([A-Z]+)/.exec(text)
  if (numbered !== null) return isNumbered(numbered[2]!, text.slice(numbered[0].length))
  const word = /^[A-Z]+/.exec(text)?.[0] ?? ''
  const rest = text.slice(word.length)
  const pattern = DATA.get(word)
  if (pattern === undefined) return false
  if (PLAIN.has(word)) return pattern.test(rest)
  const shape = shapeOf(rest, word === 'ESEARCH' || word === 'UIDBATCHES')
  return shape !== undefined && pattern.test(shape)
}

/** A code may hold a quoted string with anything in it; brackets end it elsewhere. */
const isStatus = (text: string): boolean =>
  STATUS.test(text.replace(/"(?:[^"\\\r\n\0]|\\["\\])*"/g, '"x"').replace(/\[BADURL [^\s]+\]/, '[BADURL x]'))

function isNumbered(word: string, rest: string): boolean {
  if (word === 'EXISTS' || word === 'RECENT' || word === 'EXPUNGE') return rest === ''
  return (word === 'FETCH' || word === 'UIDFETCH') && isFetch(rest)
}

/** Pairs of a name and a value. */
function isFetch(rest: string): boolean {
  const shape = rest.startsWith(' (') && rest.endsWith(')') ? shapeOf(rest.slice(2, -1), false) : undefined
  return shape !== undefined && /^[vs] [lv](?: [vs] [lv])*$/.test(shape)
}

/**
 * `v` for each value outside of a list, `l` for each list, `s` for an item with a section; undefined where quotes or
 * parentheses are not paired. With `words` what is neither stays as it is, and the list
 * of the tag is `t`.
 */
function shapeOf(text: string, words: boolean): string | undefined {
  let shape = ''
  let depth = 0
  const put = (letter: string): void => {
    if (depth === 0) shape += letter
  }
  const tokens =
    /"(?:[^"\\\r\n\0]|\\["\\])*"|~?\{([0-9]+)\}\r\n|\(TAG "[^"]*"(?: MAILBOX "(?:[^"\\]|\\.)*" UIDVALIDITY [0-9]+)?\)|[A-Z0-9.]+\[(?:[^\]"{]|"(?:[^"\\]|\\.)*"|\{[0-9]+\}\r\n)*\](?:<[0-9]+>)?|[^\s"(){]+|[\s\S]/y
  for (let at = 0; at < text.length; ) {
    tokens.lastIndex = at
    const found = tokens.exec(text)
    if (found === null) return undefined
    const [token, size] = found
    at = tokens.lastIndex + (size === undefined ? 0 : Number(size))
    if (size !== undefined || token.startsWith('"')) {
      if (token === '"') return undefined
      put('v')
    } else if (token === '(') {
      put('l')
      depth++
    } else if (token === ')') {
      if (--depth < 0) return undefined
    } else if (token === ' ') put(' ')
    else if (token.startsWith('(TAG ')) put('t')
    else if (/[\x00-\x1f\x7f{]/.test(token)) return undefined
    else put(words ? token : token.includes('[') ? 's' : 'v')
  }
  return depth === 0 ? shape : undefined
}
