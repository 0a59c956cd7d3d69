/**
 * A strict XML 1.0 reader for evidence: UTF-8, namespaces, elements, attributes, text, CDATA, the five predefined
 * entities and numeric references. There is no DOCTYPE (so no entity can grow and nothing is fetched), no processing
 * instruction, no comment (a comment splits a value that two readers then read differently), and every size is
 * bounded. [XML 1.0 §2] [XML Names §3]
 */
import { isXmlText } from './characters.ts'
import { Scope } from './scope.ts'
import { XML_NAMESPACE, type XmlAttribute, type XmlElement, XmlError } from './tree.ts'

/** Evidence is some 10 KB; a thousand recipients and a long transaction log stay far below this. */
export const MAX_XML_OCTETS = 8 * 1024 * 1024
/** XAdES with certificate values goes some 12 deep; the canonicaliser recurses this far at most. */
export const MAX_DEPTH = 64
/** Attributes are compared pairwise, so their number is small. */
export const MAX_ATTRIBUTES = 32
/** Memory per node is some 200 octets: this bounds a document of nothing but tags. */
export const MAX_NODES = 200_000

const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'
/** Letters, digits and a little more of every script; the few exotic name characters beyond are refused. */
const ncName = /[\p{L}_][\p{L}\p{N}_.\u00b7-]*/uy
const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

export interface ParseOptions {
  /** In documents that people write comments may be passed over, as canonical XML does; text on both sides is one. */
  readonly comments?: 'refused' | 'left-out'
}

/** @throws XmlError; nothing else, whatever the octets are */
export function parseXml(octets: Uint8Array, { comments = 'refused' }: ParseOptions = {}): XmlElement {
  if (octets.length > MAX_XML_OCTETS) throw new XmlError('TOO_LARGE', `over ${MAX_XML_OCTETS} octets`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch {
    throw new XmlError('NOT_UTF8', 'the octets are not UTF-8')
  }
  if (!isXmlText(text)) throw new XmlError('NOT_WELL_FORMED', 'a character that XML 1.0 does not allow')
  // Line ends are one LF each before anything else is read. [XML 1.0 §2.11]
  return new Reader(
    text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text,
    comments === 'left-out',
  ).document()
}

/** An element while its end tag has not been seen. */
interface Open {
  readonly element: XmlElement
  readonly name: string
}

class Reader {
  private at = 0
  private nodes = 0
  private readonly text: string
  private readonly passesComments: boolean

  constructor(text: string, passesComments: boolean) {
    this.text = text
    this.passesComments = passesComments
  }

  document(): XmlElement {
    this.declaration()
    this.space()
    const open: Open[] = []
    let root: XmlElement | undefined
    while (root === undefined || open.length > 0) {
      const top = open.at(-1)
      if (this.text[this.at] !== '<') {
        if (top === undefined && this.space()) continue
        if (top === undefined) throw malformed('text before the root element')
        this.characters(top.element)
        continue
      }
      const next = this.text[this.at + 1]
      if (next === '!' || next === '?') {
        this.special(top?.element)
      } else if (next === '/') {
        this.endTag(open)
      } else {
        const started = this.startTag(top?.element)
        root ??= started.element
        if (!started.empty) open.push(started)
        if (open.length > MAX_DEPTH) throw new XmlError('TOO_LARGE', `deeper than ${MAX_DEPTH}`)
      }
    }
    this.space()
    while (this.comment()) this.space()
    if (this.at !== this.text.length) throw malformed('something follows the root element')
    return root
  }

  /** One spelling each for a declaration with capital and with small letters: no octet of it is open to change. */
  private declaration(): void {
    if (!this.text.startsWith('<?xml')) return
    const end = this.text.indexOf('?>')
    const written = this.text.slice(0, end + 2)
    if (
      !/^<\?xml version=(["'])1\.0\1( encoding=(["'])(UTF-8|utf-8)\3)?( standalone=(["'])(yes|no)\6)? ?\?>$/.test(
        written,
      )
    )
      throw new XmlError('FORBIDDEN', 'an XML declaration other than version 1.0 in UTF-8')
    this.at = written.length
  }

  private space(): boolean {
    const from = this.at
    while (isSpace(this.text.charCodeAt(this.at))) this.at++
    return this.at > from
  }

  private name(): string {
    ncName.lastIndex = this.at
    const found = ncName.exec(this.text)?.[0]
    if (found === undefined) throw malformed('a name was expected')
    this.at += found.length
    return found
  }

  private qualifiedName(): { prefix: string; local: string } {
    const first = this.name()
    if (this.text[this.at] !== ':') return { prefix: '', local: first }
    this.at++
    return { prefix: first, local: this.name() }
  }

  private count(): void {
    if (++this.nodes > MAX_NODES) throw new XmlError('TOO_LARGE', `over ${MAX_NODES} nodes`)
  }

  private characters(parent: XmlElement): void {
    const end = this.text.indexOf('<', this.at)
    if (end < 0) throw malformed('the document ends inside an element')
    const raw = this.text.slice(this.at, end)
    // ']]>' may not stand in text. [XML 1.0 §2.4]
    if (raw.includes(']]>')) throw malformed(']]> in text')
    this.at = end
    this.count()
    parent.children.push({ kind: 'text', value: expand(raw) })
  }

  /** CDATA is text; all else that begins with <! or <? is refused. */
  private special(parent: XmlElement | undefined): void {
    if (this.comment()) return
    if (!this.text.startsWith('<![CDATA[', this.at) || parent === undefined)
      throw new XmlError('FORBIDDEN', 'DOCTYPE, processing instruction or comment')
    const end = this.text.indexOf(']]>', this.at)
    if (end < 0) throw malformed('CDATA without end')
    this.count()
    parent.children.push({ kind: 'text', value: this.text.slice(this.at + 9, end) })
    this.at = end + 3
  }

  /** Where comments are passed over. [XML 1.0 §2.5] */
  private comment(): boolean {
    if (!this.passesComments || !this.text.startsWith('<!--', this.at)) return false
    this.count()
    const end = this.text.indexOf('--', this.at + 4)
    if (end < 0 || this.text[end + 2] !== '>') throw malformed('a comment that does not end as it should')
    this.at = end + 3
    return true
  }

  private endTag(open: Open[]): void {
    const last = open.pop()
    this.at += 2
    const { prefix, local } = this.qualifiedName()
    this.space()
    if (last === undefined || last.name !== tagName(prefix, local) || this.text[this.at] !== '>')
      throw malformed('an end tag does not match')
    this.at++
  }

  private startTag(parent: XmlElement | undefined): Open & { empty: boolean } {
    this.count()
    this.at++
    const { prefix, local } = this.qualifiedName()
    const written = this.attributes()
    const empty = this.text[this.at] === '/'
    if (empty) this.at++
    if (this.text[this.at] !== '>') throw malformed('a start tag does not end')
    this.at++
    const scope = declare(parent?.scope ?? Scope.outermost, written)
    const attributes = resolveAttributes(written, scope)
    const namespace = resolve(scope, prefix)
    const element: XmlElement = {
      kind: 'element',
      prefix,
      local,
      namespace,
      attributes,
      scope,
      children: [],
      parent,
    }
    parent?.children.push(element)
    return { element, name: tagName(prefix, local), empty }
  }

  private attributes(): WrittenAttribute[] {
    const found: WrittenAttribute[] = []
    for (;;) {
      const spaced = this.space()
      const c = this.text[this.at]
      if (c === '>' || c === '/') return found
      if (!spaced) throw malformed('no space before an attribute')
      if (found.length === MAX_ATTRIBUTES)
        throw new XmlError('TOO_LARGE', `over ${MAX_ATTRIBUTES} attributes`)
      found.push({ ...this.qualifiedName(), value: this.attributeValue() })
    }
  }

  private attributeValue(): string {
    this.space()
    if (this.text[this.at] !== '=') throw malformed('an attribute has no value')
    this.at++
    this.space()
    const quote = this.text[this.at]
    const end = quote === '"' || quote === "'" ? this.text.indexOf(quote, this.at + 1) : -1
    if (end < 0) throw malformed('an attribute value is not quoted')
    const raw = this.text.slice(this.at + 1, end)
    if (raw.includes('<')) throw malformed('< in an attribute value')
    this.at = end + 1
    // Literal white space becomes a space, references to it stay. [XML 1.0 §3.3.3]
    return expand(raw.replace(/[\t\n]/g, ' '))
  }
}

interface WrittenAttribute {
  readonly prefix: string
  readonly local: string
  readonly value: string
}

const malformed = (why: string): XmlError => new XmlError('NOT_WELL_FORMED', why)
const tagName = (prefix: string, local: string): string => (prefix === '' ? local : `${prefix}:${local}`)
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x09

/** Predefined entities and numeric references; one pass, so what comes out is never read again. [XML 1.0 §4.1] */
function expand(raw: string): string {
  if (!raw.includes('&')) return raw
  return raw.replace(/&([^;&]{0,12});?/g, (whole, name: string) => {
    if (!whole.endsWith(';')) throw malformed('an & that begins no reference')
    const known = entities.get(name)
    if (known !== undefined) return known
    const digits = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(name)
    if (!digits) throw new XmlError('FORBIDDEN', 'a reference to an entity that is not predefined')
    const code = digits[1] === undefined ? Number.parseInt(digits[2]!, 10) : Number.parseInt(digits[1], 16)
    if (code > 0x10ffff || !isXmlText(String.fromCodePoint(code)))
      throw malformed('a reference to a character that XML 1.0 does not allow')
    return String.fromCodePoint(code)
  })
}

function declare(outer: Scope, written: readonly WrittenAttribute[]): Scope {
  const declarations = written.filter(
    ({ prefix, local }) => prefix === 'xmlns' || (prefix === '' && local === 'xmlns'),
  )
  if (declarations.length === 0) return outer
  const own = new Map<string, string>()
  for (const { prefix, local, value } of declarations) {
    const name = prefix === '' ? '' : local
    if (own.has(name)) throw malformed('a namespace is declared twice')
    // The two reserved prefixes and namespaces cannot be bound otherwise, and a prefix cannot be unbound. [XML Names §3]
    const reserved =
      name === 'xml' || name === 'xmlns' || value === XML_NAMESPACE || value === XMLNS_NAMESPACE
    if (reserved || (name !== '' && value === '')) throw malformed('a forbidden namespace declaration')
    own.set(name, value)
  }
  return new Scope(own, outer)
}

function resolve(scope: Scope, prefix: string): string {
  const uri = scope.get(prefix)
  if (uri === undefined && prefix !== '') throw malformed('a prefix is not declared')
  return uri ?? ''
}

function resolveAttributes(written: readonly WrittenAttribute[], scope: Scope): XmlAttribute[] {
  const seen = new Set<string>()
  const attributes: XmlAttribute[] = []
  for (const { prefix, local, value } of written) {
    if (prefix === 'xmlns' || (prefix === '' && local === 'xmlns')) continue
    const namespace = prefix === '' ? '' : resolve(scope, prefix)
    const key = `${namespace} ${local}`
    if (seen.has(key)) throw malformed('an attribute stands twice')
    seen.add(key)
    attributes.push({ prefix, local, namespace, value })
  }
  return attributes
}
