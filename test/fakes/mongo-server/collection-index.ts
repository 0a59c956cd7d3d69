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

  /** What is missing is indexed as null; a sparse index leaves out documents with none of its fields. */
  keysOf(document: Doc): readonly string[] {
    let key = ''
    let present = false
    for (const path of this.#paths) {
      const values = valuesAt(document, path)
      const [value] = values
      if (values.length !== 1 || Array.isArray(value)) return this.#manyKeysOf(document)
      present ||= value !== undefined
      key += sortKey(value)
    }
    return present || !this.spec.sparse ? [key] : []
  }

  /** Fails where a document has one of the keys, other than the one named. */
  check(document: Doc, keys: readonly string[], id: string | undefined, namespace: string): void {
    if (!this.spec.unique) return
    for (const key of keys) {
      const holder = this.#holders.get(key)
      if (holder !== undefined && holder !== id) throw this.#duplicate(document, namespace)
    }
  }

  add(keys: readonly string[], id: string): void {
    for (const key of keys) {
      this.entries.add({ key, id })
      if (this.spec.unique) this.#holders.set(key, id)
    }
  }

  remove(keys: readonly string[], id: string): void {
    for (const key of keys) {
      this.entries.remove({ key, id })
      if (this.spec.unique) this.#holders.delete(key)
    }
  }

  /** One for each element of an array. */
  #manyKeysOf(document: Doc): readonly string[] {
    this.multikey = true
    const values = this.#paths.map((path) => valuesAt(document, path))
    if (this.spec.sparse && values.every((found) => found.every((value) => value === undefined))) return []
    const perField = values.map((found) => [...new Set(found.flatMap(elementKeys))])
    if (perField.filter((keys) => keys.length > 1).length > 1)
      throw new CommandError(171, `cannot index parallel arrays in ${this.spec.name}`)
    let keys: string[] = ['']
    for (const own of perField) {
      const parts = own.length === 0 ? [sortKey(null)] : own
      keys = keys.flatMap((key) => parts.map((part) => key + part))
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
