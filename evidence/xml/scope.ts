import { XML_NAMESPACE, XmlError } from './tree.ts'

/** Real documents have ten: what canonical XML writes, and how long it looks, grows with these. */
export const MAX_PREFIXES = 64

/**
 * The namespaces that are in scope at an element: its own declarations before those around it. An element keeps only what
 * it declares itself; copies of all would let a small document fill the memory.
 */
export class Scope {
  static readonly outermost = new Scope(new Map([['xml', XML_NAMESPACE]]), undefined)

  /** Prefix, '' for the default, and URI. */
  readonly own: ReadonlyMap<string, string>
  readonly #outer: Scope | undefined
  /** Declarations up to here, those that are hidden by others too. */
  readonly #size: number

  /** @throws XmlError TOO_LARGE */
  constructor(own: ReadonlyMap<string, string>, outer: Scope | undefined) {
    this.own = own
    this.#outer = outer
    this.#size = own.size + (outer === undefined ? 0 : outer.#size)
    if (this.#size > MAX_PREFIXES)
      throw new XmlError('TOO_LARGE', `over ${MAX_PREFIXES} namespaces at one element`)
  }

  get(prefix: string): string | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.#outer) {
      const uri = scope.own.get(prefix)
      if (uri !== undefined) return uri
    }
    return undefined
  }

  /** Those that are hidden by an inner one once. */
  prefixes(): ReadonlySet<string> {
    const found = new Set<string>()
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.#outer)
      for (const prefix of scope.own.keys()) found.add(prefix)
    return found
  }
}
