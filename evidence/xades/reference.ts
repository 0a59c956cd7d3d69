/**
 * References of a signature, by an allow-list: the whole document without its signature, and the signed properties.
 * Anything else (another fragment, an XPath of one's own, XSLT, an address on the network) is refused, because then
 * the signed octets would not be the document that the reader sees. [XMLDSIG 1.1 §4.4.3]
 */
import type { HashName } from '../ports.ts'
import { decodeBase64 } from '../xml/base64.ts'
import { type C14nOptions, canonicalize } from '../xml/c14n.ts'
import { attributeOf, childNamed, elementsOf, is, onlyChild, textOf, type XmlElement } from '../xml/tree.ts'
import {
  DS,
  ENVELOPED,
  EXCLUSIVE_C14N,
  hashOfDigestUri,
  INCLUSIVE_C14N,
  SIGNED_PROPERTIES_TYPE,
  XPATH_FILTER2,
} from './algorithms.ts'
import { XadesRefusal } from './report.ts'

/** Of an InclusiveNamespaces: each is looked for at each element, and signers name a handful. */
const MAX_INCLUSIVE_PREFIXES = 32

export type C14nMethod = Pick<C14nOptions, 'mode' | 'inclusivePrefixes'>

export interface Reference {
  readonly kind: 'document' | 'properties'
  readonly target: XmlElement | undefined
  readonly enveloped: boolean
  readonly c14n: C14nMethod
  readonly hash: HashName
  readonly digest: Uint8Array
}

export function readReference(element: XmlElement, ids: ReadonlyMap<string, XmlElement>): Reference {
  const uri = attributeOf(element, 'URI')
  if (uri === undefined || (uri !== '' && !uri.startsWith('#')))
    throw new XadesRefusal('REFERENCES', 'a reference points outside the document')
  const target = uri === '' ? undefined : ids.get(uri.slice(1))
  if (uri !== '' && target === undefined) throw new XadesRefusal('REFERENCES', 'a reference points nowhere')
  const hash = hashOfDigestUri(attributeOf(onlyChild(element, DS, 'DigestMethod'), 'Algorithm') ?? '')
  if (hash === undefined) throw new XadesRefusal('WEAK_ALGORITHM', 'a digest algorithm is not allowed')
  const kind = attributeOf(element, 'Type') === SIGNED_PROPERTIES_TYPE ? 'properties' : 'document'
  const digest = decodeBase64(textOf(onlyChild(element, DS, 'DigestValue')))
  return { kind, target, hash, digest, ...readTransforms(childNamed(element, DS, 'Transforms')) }
}

/** [enveloped?] [c14n?], in this order; without c14n the default is inclusive. [XMLDSIG 1.1 §4.4.3.2] */
function readTransforms(list: XmlElement | undefined): { enveloped: boolean; c14n: C14nMethod } {
  const transforms = list === undefined ? [] : elementsOf(list)
  if (transforms.some((transform) => !is(transform, DS, 'Transform')))
    throw new XadesRefusal('TRANSFORMS', 'Transforms holds something else')
  const [first, ...rest] = transforms
  const enveloped = first !== undefined && isEnveloped(first)
  const [method, ...others] = enveloped ? rest : transforms
  if (others.length > 0) throw new XadesRefusal('TRANSFORMS', 'a transform outside the allowed pattern')
  return { enveloped, c14n: method === undefined ? { mode: 'inclusive' } : readC14n(method) }
}

/** The plain transform, or the XPath Filter 2 that the samples of EN 319 532-4 use for the same thing. */
function isEnveloped(transform: XmlElement): boolean {
  const algorithm = attributeOf(transform, 'Algorithm')
  if (algorithm === ENVELOPED) return elementsOf(transform).length === 0
  if (algorithm !== XPATH_FILTER2) return false
  const [xpath, second] = elementsOf(transform)
  if (xpath === undefined || second !== undefined || !is(xpath, XPATH_FILTER2, 'XPath')) return false
  // The reader proved that there is one Signature only, so "all of them" is this one.
  const prefix = /^\/descendant::([A-Za-z_][\w-]*):Signature$/.exec(textOf(xpath).trim())?.[1]
  return attributeOf(xpath, 'Filter') === 'subtract' && prefix !== undefined && xpath.scope.get(prefix) === DS
}

/** Exclusive or inclusive 1.0, both without comments. */
export function readC14n(method: XmlElement): C14nMethod {
  const algorithm = attributeOf(method, 'Algorithm')
  const [parameter, second] = elementsOf(method)
  if (algorithm === INCLUSIVE_C14N && parameter === undefined) return { mode: 'inclusive' }
  if (algorithm !== EXCLUSIVE_C14N || second !== undefined)
    throw new XadesRefusal('TRANSFORMS', 'a transform or canonicalisation that is not allowed')
  if (parameter === undefined) return { mode: 'exclusive' }
  if (!is(parameter, EXCLUSIVE_C14N, 'InclusiveNamespaces'))
    throw new XadesRefusal('TRANSFORMS', 'a canonicalisation with unknown parameters')
  const prefixes = (attributeOf(parameter, 'PrefixList') ?? '').split(/\s+/).filter(Boolean)
  if (prefixes.length > MAX_INCLUSIVE_PREFIXES)
    throw new XadesRefusal('TRANSFORMS', `over ${MAX_INCLUSIVE_PREFIXES} inclusive prefixes`)
  return {
    mode: 'exclusive',
    inclusivePrefixes: prefixes.map((prefix) => (prefix === '#default' ? '' : prefix)),
  }
}

/** The octets that a reference covers. */
export function referencedOctets(reference: Reference, root: XmlElement, signature: XmlElement): string {
  if (reference.kind === 'properties') return canonicalize(reference.target!, reference.c14n)
  return canonicalize(root, { ...reference.c14n, without: signature })
}
