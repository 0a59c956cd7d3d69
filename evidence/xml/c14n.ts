/**
 * Canonical XML without comments of a subtree of our tree: exclusive [XML Exc-C14N §3] and inclusive
 * [XML C14N 1.0 §2], with the signature cut out where the enveloped transform asks for it. The parser gives no
 * comments and no processing instructions, so neither is handled here.
 */
import { escapeAttribute, escapeText } from './characters.ts'
import { XML_NAMESPACE, type XmlAttribute, type XmlElement } from './tree.ts'

export interface C14nOptions {
  readonly mode: 'exclusive' | 'inclusive'
  /** Prefixes treated the inclusive way; `#default` is ''. [XML Exc-C14N §3] */
  readonly inclusivePrefixes?: readonly string[]
  /** This element and everything in it is left out. */
  readonly without?: XmlElement
}

export function canonicalize(apex: XmlElement, options: C14nOptions): string {
  const pieces: string[] = []
  write(apex, apex, new Map(), options, pieces)
  return pieces.join('')
}

/** Recursion is as deep as the tree, and the parser bounds that (MAX_DEPTH). */
function write(
  element: XmlElement,
  apex: XmlElement,
  rendered: ReadonlyMap<string, string>,
  options: C14nOptions,
  out: string[],
): void {
  const name = element.prefix === '' ? element.local : `${element.prefix}:${element.local}`
  const declarations = declarationsOf(element, element === apex, rendered, options)
  const inner = declarations.length === 0 ? rendered : new Map([...rendered, ...declarations])
  out.push('<', name)
  for (const [prefix, uri] of declarations)
    out.push(prefix === '' ? ' xmlns="' : ` xmlns:${prefix}="`, escapeAttribute(uri), '"')
  for (const { prefix, local, value } of attributesOf(element, apex, options))
    out.push(prefix === '' ? ` ${local}="` : ` ${prefix}:${local}="`, escapeAttribute(value), '"')
  out.push('>')
  for (const child of element.children) {
    if (child.kind === 'text') out.push(escapeText(child.value))
    else if (child !== options.without) write(child, apex, inner, options, out)
  }
  out.push('</', name, '>')
}

/** What must be declared here, in the order of prefixes: default first, the rest by code point. */
function declarationsOf(
  element: XmlElement,
  isApex: boolean,
  rendered: ReadonlyMap<string, string>,
  { mode, inclusivePrefixes = [] }: C14nOptions,
): [string, string][] {
  const candidates = new Set<string>()
  if (mode === 'inclusive') {
    // Below the apex everything from further out has been written already.
    for (const prefix of isApex ? element.scope.prefixes() : element.scope.own.keys()) candidates.add(prefix)
  } else {
    // Visibly utilised: the element's own prefix and those of its attributes.
    candidates.add(element.prefix)
    for (const { prefix } of element.attributes) if (prefix !== '') candidates.add(prefix)
    for (const prefix of inclusivePrefixes)
      if (element.scope.get(prefix) !== undefined) candidates.add(prefix)
  }
  candidates.delete('xml')
  return (
    [...candidates]
      .map((prefix): [string, string] => [prefix, element.scope.get(prefix) ?? ''])
      // xmlns="" is written only where it undoes a default that is in force above. [XML C14N 1.0 §2.3]
      .filter(([prefix, uri]) => (rendered.get(prefix) ?? '') !== uri)
      .sort(([a], [b]) => byCodePoint(a, b))
  )
}

/** Attributes by namespace, then local name; inclusive c14n gives an apex the xml: attributes of its ancestors. */
function attributesOf(element: XmlElement, apex: XmlElement, { mode }: C14nOptions): readonly XmlAttribute[] {
  let attributes = element.attributes
  if (mode === 'inclusive' && element === apex && element.parent) {
    const own = new Map(inheritedXml(element.parent).map((attribute) => [attribute.local, attribute]))
    for (const attribute of attributes) if (attribute.namespace === XML_NAMESPACE) own.delete(attribute.local)
    attributes = [...attributes, ...own.values()]
  }
  if (attributes.length < 2) return attributes
  return attributes.toSorted((a, b) => byCodePoint(a.namespace, b.namespace) || byCodePoint(a.local, b.local))
}

function inheritedXml(element: XmlElement): XmlAttribute[] {
  const nearest = new Map<string, XmlAttribute>()
  for (let node: XmlElement | undefined = element; node; node = node.parent)
    for (const attribute of node.attributes)
      if (attribute.namespace === XML_NAMESPACE && !nearest.has(attribute.local))
        nearest.set(attribute.local, attribute)
  return [...nearest.values()]
}

/** UTF-16 order differs from code point order where there are surrogates; that of UTF-8 does not. */
function byCodePoint(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}

const SURROGATE = /[\ud800-\udfff]/
