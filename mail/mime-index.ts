import { type HeaderField, readField, readParameters } from './header-read.ts'
import { LineScanner } from './line-scan.ts'
import {
  defaultMimeLimits,
  type MimeEnvelope,
  type MimeFault,
  type MimeIndex,
  type MimeLimits,
  type MimePart,
} from './mime-part.ts'

/**
 * Builds the offset index of a message while its octets pass, in one pass and bounded memory. [RFC 2046 §5.1]
 *
 * Failure modes: none. Every octet string is a message; where limits are met the index becomes coarse and says
 * so in `faults`. Whoever accepts mail decides what a fault means.
 */
export class MimeIndexer {
  readonly #limits: MimeLimits
  readonly #lines: LineScanner
  readonly #faults = new Set<MimeFault>()
  readonly #open: OpenPart[] = []
  readonly #root: MimePart
  #parts = 1
  #headerOctets = 0
  /** Line ends seen so far. */
  #lineEnds = 0
  /** Where the last complete line ended, before and after its line end. */
  #contentEnd = 0
  #lineEnd = 0

  constructor(limits: MimeLimits = defaultMimeLimits) {
    this.#limits = limits
    this.#root = emptyPart(0)
    this.#open.push(openPart(this.#root, true))
    this.#lines = new LineScanner({ line: (...line) => this.#line(...line) })
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk)
  }

  /** The first part of an outermost multipart/signed, as soon as it is known: what its signature covers. [RFC 1847 §2.1] */
  get signedPart(): { start: number; end: number | undefined } | undefined {
    if (this.#root.type !== 'multipart' || this.#root.subtype !== 'signed') return undefined
    const first = this.#root.children[0]
    if (first === undefined) return undefined
    const open = this.#open[1]?.part === first
    return { start: first.headerStart, end: open ? undefined : first.bodyEnd }
  }

  /** Where the outermost body begins; undefined while the header is still coming. */
  get bodyStart(): number | undefined {
    return this.#open[0]?.state === 'header' ? undefined : this.#root.bodyStart
  }

  /** The micalg parameter of an outermost multipart/signed: a hint at the digest that the signature uses. */
  get micalg(): string | undefined {
    return this.#root.params.get('micalg')
  }

  /** No octet before this offset can still turn out to be part of a boundary. */
  get settled(): number {
    const pending = this.#lines.offset - this.#lines.lineStart
    // A boundary line is short, so a long line is content as it comes; its last octet may be the CR of the next boundary.
    return pending > LONGEST_BOUNDARY_LINE ? this.#lines.offset - 1 : this.#contentEnd
  }

  end(): MimeIndex {
    this.#lines.end()
    const size = this.#lines.offset
    for (const open of this.#open.splice(0).reverse()) this.#close(open, size)
    return { root: this.#root, size, faults: [...this.#faults] }
  }

  #line(bytes: Uint8Array, from: number, to: number, start: number, end: number, ending: 0 | 1 | 2): void {
    const next = end + ending
    if (bytes[from] === DASH && bytes[from + 1] === DASH && end - start <= LONGEST_BOUNDARY_LINE) {
      if (this.#boundary(bytes, from, to, next)) {
        if (ending > 0) this.#lineEnds++
        this.#contentEnd = end
        this.#lineEnd = next
        return
      }
    }
    if (ending > 0) this.#lineEnds++
    const open = this.#open[this.#open.length - 1]
    if (open?.state === 'header') this.#headerLine(open, bytes, from, to, start, next)
    this.#contentEnd = end
    this.#lineEnd = next
  }

  #headerLine(
    open: OpenPart,
    bytes: Uint8Array,
    from: number,
    to: number,
    start: number,
    next: number,
  ): void {
    this.#headerOctets += next - start
    if (to === from) {
      this.#finishHeader(open, next)
      return
    }
    if (this.#headerOctets > this.#limits.headerOctets) {
      this.#faults.add('HEADER_TOO_LARGE')
      return
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
    if ((text.startsWith(' ') || text.startsWith('\t')) && open.field.length > 0) open.field.push(text)
    else {
      takeField(open)
      open.field = [text]
    }
  }

  #finishHeader(open: OpenPart, bodyStart: number): void {
    takeField(open)
    const { part } = open
    part.bodyStart = bodyStart
    part.bodyEnd = bodyStart
    open.state = 'body'
    open.linesBefore = this.#lineEnds
    if (part.type === 'multipart') {
      const boundary = part.params.get('boundary')
      if (boundary === undefined || boundary === '' || boundary.length > 200) return
      if (this.#deepEnough()) open.boundary = Buffer.from(`--${boundary}`, 'latin1')
    } else if (part.type === 'message' && (part.subtype === 'rfc822' || part.subtype === 'global')) {
      if (part.encoding !== 'base64' && part.encoding !== 'quoted-printable' && this.#deepEnough())
        this.#openChild(part, bodyStart, true, 'text')
    }
  }

  #deepEnough(): boolean {
    if (this.#open.length < this.#limits.depth) return true
    this.#faults.add('TOO_DEEP')
    return false
  }

  #openChild(parent: MimePart, start: number, isMessage: boolean, type: 'text' | 'message'): void {
    if (this.#parts >= this.#limits.parts) {
      this.#faults.add('TOO_MANY_PARTS')
      return
    }
    this.#parts++
    const part = emptyPart(start)
    if (type === 'message') {
      part.type = 'message' // the default inside multipart/digest [RFC 2046 §5.1.5]
      part.subtype = 'rfc822'
    }
    parent.children.push(part)
    this.#open.push(openPart(part, isMessage))
  }

  /** A delimiter of any open multipart ends everything inside it. */
  #boundary(bytes: Uint8Array, from: number, to: number, next: number): boolean {
    let last = to
    while (last > from && (bytes[last - 1] === SPACE || bytes[last - 1] === TAB)) last--
    for (let level = this.#open.length - 1; level >= 0; level--) {
      const open = this.#open[level]
      if (open?.boundary === undefined) continue
      const closes = matches(bytes, from, last, open.boundary)
      if (closes === undefined) continue
      // The line end before the delimiter belongs to it, even where it also ends an inner delimiter.
      const end = this.#contentEnd
      for (const inner of this.#open.splice(level + 1).reverse()) this.#close(inner, end)
      if (closes) open.boundary = undefined
      else this.#openChild(open.part, next, false, open.part.subtype === 'digest' ? 'message' : 'text')
      return true
    }
    return false
  }

  #close(open: OpenPart, end: number): void {
    const { part } = open
    if (open.state === 'header') {
      takeField(open)
      part.bodyStart = Math.max(part.headerStart, end)
    } else if (end < part.bodyStart) part.bodyStart = Math.max(part.headerStart, end) // so does that of the blank line
    part.bodyEnd = Math.max(part.bodyStart, end)
    if (open.state === 'body') {
      const cut = end < this.#lineEnd ? 1 : 0 // the last line end went to the delimiter
      part.lines = Math.max(0, this.#lineEnds - open.linesBefore - cut)
    }
  }
}

interface OpenPart {
  part: MimePart
  state: 'header' | 'body'
  boundary: Buffer | undefined
  /** The physical lines of the field that is being read. */
  field: string[]
  isMessage: boolean
  linesBefore: number
  /** Content-* fields already taken. */
  seen: Set<string>
}

/** A boundary has at most 70 characters [RFC 2046 §5.1.1]; writers exceed it, and white space may follow. */
const LONGEST_BOUNDARY_LINE = 998
const DASH = 45
const SPACE = 32
const TAB = 9

const openPart = (part: MimePart, isMessage: boolean): OpenPart => {
  if (isMessage) part.envelope = {}
  return { part, state: 'header', boundary: undefined, field: [], isMessage, linesBefore: 0, seen: new Set() }
}

const emptyPart = (start: number): MimePart => ({
  headerStart: start,
  bodyStart: start,
  bodyEnd: start,
  lines: 0,
  type: 'text',
  subtype: 'plain',
  params: new Map(),
  encoding: '7bit',
  children: [],
})

/** undefined: another line; false: a delimiter; true: the closing delimiter. */
function matches(bytes: Uint8Array, from: number, to: number, boundary: Buffer): boolean | undefined {
  const length = to - from
  if (length !== boundary.length && length !== boundary.length + 2) return undefined
  // Octet by octet: a line is compared with as many boundaries as are open, and a call for each costs more than the line.
  for (let at = 0; at < boundary.length; at++) if (bytes[from + at] !== boundary[at]) return undefined
  if (length === boundary.length) return false
  return bytes[to - 1] === DASH && bytes[to - 2] === DASH ? true : undefined
}

const envelopeFields = new Map<string, keyof MimeEnvelope>([
  ['date', 'date'],
  ['subject', 'subject'],
  ['from', 'from'],
  ['sender', 'sender'],
  ['reply-to', 'replyTo'],
  ['to', 'to'],
  ['cc', 'cc'],
  ['bcc', 'bcc'],
  ['in-reply-to', 'inReplyTo'],
  ['message-id', 'messageId'],
  ['references', 'references'],
])

/** The first field of a name counts; a second one cannot change what the first said. */
function takeField(open: OpenPart): void {
  const field = open.field.length > 0 ? readField(open.field) : undefined
  open.field = []
  if (field === undefined) return
  const { part } = open
  if (open.isMessage && part.envelope !== undefined) {
    const name = envelopeFields.get(field.key)
    if (name !== undefined && part.envelope[name] === undefined) part.envelope[name] = field.value
  }
  const apply = partFields.get(field.key)
  if (apply !== undefined && !open.seen.has(field.key)) {
    open.seen.add(field.key)
    apply(part, field)
  }
}

const partFields = new Map<string, (part: MimePart, field: HeaderField) => void>([
  [
    'content-type',
    (part, { value }) => {
      const read = readParameters(value)
      const type = /^([!#$%&'*+.^_`|~0-9a-z-]+)\/([!#$%&'*+.^_`|~0-9a-z-]+)$/.exec(
        read.value.replaceAll(' ', ''),
      )
      if (type === null) return
      part.type = type[1] ?? 'text'
      part.subtype = type[2] ?? 'plain'
      part.params = read.params
    },
  ],
  ['content-transfer-encoding', (part, { value }) => (part.encoding = readParameters(value).value || '7bit')],
  ['content-id', (part, { value }) => (part.id = value)],
  ['content-description', (part, { value }) => (part.description = value)],
  ['content-md5', (part, { value }) => (part.md5 = value)],
  ['content-language', (part, { value }) => (part.language = value)],
  ['content-location', (part, { value }) => (part.location = value)],
  [
    'content-disposition',
    (part, { value }) => {
      const read = readParameters(value)
      if (read.value !== '') part.disposition = { type: read.value, params: read.params }
    },
  ],
])
