/** One index of a collection: keys in order for lookups, and a map for uniqueness. */
import { CommandError } from './command-error.ts'
import type { Doc } from './document.ts'
import { OrderedEntries } from './ordered-entries.ts'
import { partsOf, valueAt, valuesAt } from './paths.ts'
import { NO_ELEMENT, sortKey } from './sort-key.ts'

export interface IndexSpec {
  readonly name: string
  readonly key: Readonly<Record<string, 1 | -1>>
  readonly unique: boolean
  readonly sparse: boolean
  /** Listed and otherwise without effect: a server removes what is expired when it comes to it. */
  readonly expireAfterSeconds?: number | undefined
}

export class CollectionIndex {
  readonly spec: IndexSpec
  readonly fields: readonly string[]
  readonly entries = new OrderedEntries()
  /** A document had an array under one of the fields, so it may have several keys. */
  multikey = false
  readonly #paths: readonly (readonly string[])[]
  readonly #holders = new Map<string, string>()

  constructor(spec: IndexSpec) {
    this.spec = spec
    this.fields = Object.keys(spec.key)
    this.#paths = this.fields.map(partsOf)
  }

  /** Fails where a document has one of these keys, other than the one named. */
  check(document: Doc, id: string | undefined, namespace: string): void {
    const keys = this.#keysOf(document)
    if (!this.spec.unique) return
    for (const key of keys) {
      const holder = this.#holders.get(key)
      if (holder !== undefined && holder !== id) throw this.#duplicate(document, namespace)
    }
  }

  add(document: Doc, id: string): void {
    const keys = this.#keysOf(document)
    if (keys.length > 1) this.multikey = true
    for (const key of keys) {
      this.entries.add({ key, id })
      if (this.spec.unique) this.#holders.set(key, id)
    }
  }

  /** Does nothing where the change left all keys as they were. */
  move(before: Doc, after: Doc, id: string): void {
    if (this.#keysOf(before).join('\uffff') === this.#keysOf(after).join('\uffff')) return
    this.remove(before, id)
    this.add(after, id)
  }

  remove(document: Doc, id: string): void {
    for (const key of this.#keysOf(document)) {
      this.entries.remove({ key, id })
      if (this.spec.unique) this.#holders.delete(key)
    }
  }

  /** What is missing is indexed as null; a sparse index leaves out documents with none of its fields. */
  #keysOf(document: Doc): readonly string[] {
    const perField = this.#paths.map((path) => valuesAt(document, path).flatMap(elementKeys))
    const values = this.#paths.map((path) => valuesAt(document, path))
    if (this.spec.sparse && values.every((found) => found.every((value) => value === undefined))) return []
    if (perField.filter((keys) => keys.length > 1).length > 1)
      throw new CommandError(171, `cannot index parallel arrays in ${this.spec.name}`)
    if (values.some((found) => found.some(Array.isArray))) this.multikey = true
    let keys: string[] = ['']
    for (const own of perField) {
      const distinct = own.length > 1 ? [...new Set(own)] : own.length === 0 ? [sortKey(null)] : own
      keys = keys.flatMap((key) => distinct.map((part) => key + part))
    }
    return keys
  }

  #duplicate(document: Doc, namespace: string): CommandError {
    const keyValue = Object.fromEntries(
      this.fields.map((field, index) => [field, valueAt(document, this.#paths[index] ?? []) ?? null]),
    )
    const shown = Object.entries(keyValue).map(
      ([field, value]) => `${field}: ${JSON.stringify(value, withBigInts)}`,
    )
    return new CommandError(
      11000,
      `E11000 duplicate key error collection: ${namespace} index: ${this.spec.name} dup key: { ${shown.join(', ')} }`,
      { keyPattern: this.spec.key, keyValue },
    )
  }
}

const elementKeys = (value: unknown): readonly string[] => {
  if (!Array.isArray(value)) return [sortKey(value)]
  return value.length === 0 ? [NO_ELEMENT] : value.map(sortKey)
}

const withBigInts = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value)
