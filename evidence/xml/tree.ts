import type { Scope } from './scope.ts'

/** A light, read-only XML tree: just enough to canonicalise exactly and to read fields. */
export interface XmlElement {
  readonly kind: 'element'
  readonly prefix: string
  readonly local: string
  /** Namespace URI, '' for none. */
  readonly namespace: string
  readonly attributes: readonly XmlAttribute[]
  /** Shared with the parent where nothing is declared. */
  readonly scope: Scope
  readonly children: XmlNode[]
  readonly parent: XmlElement | undefined
}

export interface XmlAttribute {
  readonly prefix: string
  readonly local: string
  readonly namespace: string
  readonly value: string
}

export interface XmlText {
  readonly kind: 'text'
  readonly value: string
}

export type XmlNode = XmlElement | XmlText

export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'

/** A refusal of XML: `detail` never quotes content. */
export class XmlError extends Error {
  override readonly name = 'XmlError'
  readonly code: XmlErrorCode

  constructor(code: XmlErrorCode, detail: string) {
    super(`${code}: ${detail}`)
    this.code = code
  }
}

export type XmlErrorCode = 'TOO_LARGE' | 'NOT_UTF8' | 'NOT_WELL_FORMED' | 'FORBIDDEN' | 'UNEXPECTED'

export const elementsOf = (element: XmlElement): XmlElement[] =>
  element.children.filter((child): child is XmlElement => child.kind === 'element')

export const is = (element: XmlElement, namespace: string, local: string): boolean =>
  element.local === local && element.namespace === namespace

export const childrenNamed = (element: XmlElement, namespace: string, local: string): XmlElement[] =>
  elementsOf(element).filter((child) => is(child, namespace, local))

/** At most one: a second one could hide what the reader thinks it reads. @throws XmlError UNEXPECTED */
export function childNamed(element: XmlElement, namespace: string, local: string): XmlElement | undefined {
  const found = childrenNamed(element, namespace, local)
  if (found.length > 1) throw new XmlError('UNEXPECTED', `more than one ${local}`)
  return found[0]
}

/** @throws XmlError UNEXPECTED where there is none, or more than one */
export function onlyChild(element: XmlElement, namespace: string, local: string): XmlElement {
  const found = childNamed(element, namespace, local)
  if (found === undefined) throw new XmlError('UNEXPECTED', `${element.local} has no ${local}`)
  return found
}

/** The text of an element without child elements. @throws XmlError UNEXPECTED */
export function textOf(element: XmlElement): string {
  let text = ''
  for (const child of element.children) {
    if (child.kind === 'element') throw new XmlError('UNEXPECTED', `${element.local} holds elements`)
    text += child.value
  }
  return text
}

/** All text below an element, in document order. */
export function deepTextOf(element: XmlElement): string {
  let text = ''
  for (const node of descendants(element)) if (node.kind === 'text') text += node.value
  return text
}

/** The unqualified attribute of that name. */
export const attributeOf = (element: XmlElement, local: string): string | undefined =>
  element.attributes.find((attribute) => attribute.local === local && attribute.namespace === '')?.value

/** Everything below and including the element, in document order, without recursion. */
export function* descendants(element: XmlElement): Generator<XmlNode> {
  const stack: XmlNode[] = [element]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    yield node
    if (node.kind === 'element')
      for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i]!)
  }
}
