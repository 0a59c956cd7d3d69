/**
 * Reads address fields as people write them. [RFC 5322 §3.4] Strings hold one char per octet (latin1) as the
 * header reader gives them. Linear in its input: comments nest by a counter, nothing recurses.
 */
export interface Mailbox {
  /** Display name with quotes removed, still encoded (RFC 2047) as written. */
  name: string | undefined
  local: string
  domain: string
  /** What stood in a comment after an address without a name, as old programs write names. */
  comment?: string
  /** Obsolete: hosts to go by, `@a,@b`. [RFC 5322 §4.4] A list that has one is not clean. */
  route?: string
}

export type AddressItem =
  | { kind: 'mailbox'; mailbox: Mailbox }
  | { kind: 'group'; name: string; members: Mailbox[] }

/** `items` as far as they can be read; `clean` is false where anything else stood in the field. */
export interface AddressList {
  items: AddressItem[]
  clean: boolean
}

/** Addresses and groups: more than recipients may be given means that the field is not meant for us. */
const MAX_ADDRESSES = 5_000

export function readAddressList(text: string): AddressList {
  const tokens = tokenize(text)
  const list: AddressList = { items: [], clean: tokens.clean }
  let group: { kind: 'group'; name: string; members: Mailbox[] } | undefined
  let start = 0
  let inRoute = false
  let count = 0
  for (let at = 0; at <= tokens.items.length; at++) {
    const token = tokens.items[at]
    if (isSpecial(token, '<') && isSpecial(tokens.items[at + 1], '@')) inRoute = true
    if (isSpecial(token, '>')) inRoute = false
    const ends = token === undefined || (!inRoute && token.kind === 'special' && ',;:'.includes(token.text))
    if (!ends) continue
    const words = tokens.items.slice(start, at)
    start = at + 1
    if (++count > MAX_ADDRESSES) return { items: list.items, clean: false }
    if (token?.text === ':' && token.kind === 'special') {
      if (group !== undefined) list.clean = false
      group = { kind: 'group', name: phrase(words), members: [] }
      list.items.push(group)
      continue
    }
    if (words.length > 0) {
      const mailbox = readMailbox(words)
      if (mailbox === undefined || mailbox.route !== undefined) list.clean = false
      if (mailbox === undefined) continue
      if (group !== undefined) group.members.push(mailbox)
      else list.items.push({ kind: 'mailbox', mailbox })
    }
    if (token?.text === ';') group = undefined
  }
  return list
}

/** All mailboxes, those of groups included. */
export const mailboxesOf = (list: AddressList): Mailbox[] =>
  list.items.flatMap((item) => (item.kind === 'group' ? item.members : [item.mailbox]))

interface Token {
  kind: 'word' | 'quoted' | 'special' | 'literal'
  text: string
  /** White space or a comment stood before it. */
  spaced: boolean
  /** The comment right after it, without its parentheses. */
  comment?: string
}

const isSpecial = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'special' && token.text === text

function tokenize(text: string): { items: Token[]; clean: boolean } {
  const items: Token[] = []
  let clean = true
  let spaced = false
  let position = 0
  while (position < text.length) {
    const char = text[position] ?? ''
    if (char === ' ' || char === '\t' || char === '\r' || char === '\n') {
      spaced = true
      position++
      continue
    }
    if (char === '(') {
      const end = skipComment(text, position)
      clean &&= end.closed
      const last = items.at(-1)
      if (last !== undefined && end.closed) last.comment = text.slice(position + 1, end.at - 1)
      position = end.at
      spaced = true
      continue
    }
    const read =
      char === '"' ? quoted(text, position) : char === '[' ? literal(text, position) : plain(text, position)
    clean &&= read.clean
    items.push({ kind: read.kind, text: read.text, spaced })
    position = read.at
    spaced = false
  }
  return { items, clean }
}

function skipComment(text: string, from: number): { at: number; closed: boolean } {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '(') depth++
    else if (text[at] === ')' && --depth === 0) return { at: at + 1, closed: true }
  }
  return { at: text.length, closed: false }
}

type Read = { kind: Token['kind']; text: string; at: number; clean: boolean }

function quoted(text: string, from: number): Read {
  const pieces: string[] = []
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '"') return { kind: 'quoted', text: pieces.join(''), at: at + 1, clean: true }
    if (text[at] === '\\') at++
    pieces.push(text[at] ?? '')
  }
  return { kind: 'quoted', text: pieces.join(''), at: text.length, clean: false }
}

function literal(text: string, from: number): Read {
  const end = text.indexOf(']', from)
  const at = end < 0 ? text.length : end + 1
  return { kind: 'literal', text: text.slice(from, at), at, clean: end >= 0 }
}

function plain(text: string, from: number): Read {
  if ('<>,;:@)]\\'.includes(text[from] ?? ''))
    return { kind: 'special', text: text[from] ?? '', at: from + 1, clean: true }
  let at = from
  while (at < text.length && !' \t\r\n<>,;:@()[]"\\'.includes(text[at] ?? '')) at++
  return { kind: 'word', text: text.slice(from, at), at, clean: true }
}

function readMailbox(words: readonly Token[]): Mailbox | undefined {
  const open = words.findIndex((word) => word.kind === 'special' && word.text === '<')
  const last = words.at(-1)
  if (open < 0) {
    const mailbox = addrSpec(words, undefined)
    return mailbox && last?.comment !== undefined ? { ...mailbox, comment: last.comment.trim() } : mailbox
  }
  if (!isSpecial(last, '>')) return undefined
  const name = phrase(words.slice(0, open))
  const inside = words.slice(open + 1, -1)
  const colon = isSpecial(inside[0], '@') ? inside.findIndex((word) => isSpecial(word, ':')) : -1
  const mailbox = addrSpec(inside.slice(colon + 1), name === '' ? undefined : name)
  return mailbox && colon > 0 ? { ...mailbox, route: phrase(inside.slice(0, colon)) } : mailbox
}

function addrSpec(words: readonly Token[], name: string | undefined): Mailbox | undefined {
  const at = words.findIndex((word) => word.kind === 'special' && word.text === '@')
  if (at <= 0 || at === words.length - 1) return undefined
  const local = words.slice(0, at)
  const domain = words.slice(at + 1)
  if (local.some((word) => word.kind === 'special' || word.kind === 'literal')) return undefined
  if (domain.some((word) => word.kind === 'special' || word.kind === 'quoted')) return undefined
  // `a b@c` is two words, not one local part
  if (local.some((word, index) => index > 0 && word.spaced && !touchesDot(local, index))) return undefined
  return {
    name,
    local: local.map((word) => word.text).join(''),
    domain: domain.map((word) => word.text).join(''),
  }
}

/** White space around the dots of an address is obsolete, but legal to read. [RFC 5322 §4.4] */
const touchesDot = (words: readonly Token[], index: number): boolean =>
  (words[index]?.text.startsWith('.') ?? false) || (words[index - 1]?.text.endsWith('.') ?? false)

const phrase = (words: readonly Token[]): string =>
  words.map((word, index) => (index > 0 && word.spaced ? ' ' : '') + word.text).join('')
