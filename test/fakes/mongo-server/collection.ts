/** The documents of one collection with its indexes; a change is made as a whole or not at all. */
import { calculateObjectSize } from 'bson'
import { CollectionIndex, type IndexSpec } from './collection-index.ts'
import { CommandError } from './command-error.ts'
import { type Doc, typeOf } from './document.ts'
import { sortKey } from './sort-key.ts'

export const MAX_DOCUMENT = 16 * 1024 * 1024

export type Change =
  | { readonly type: 'insert'; readonly document: Doc }
  | { readonly type: 'replace'; readonly document: Doc }
  | {
      readonly type: 'update'
      readonly document: Doc
      readonly set: Doc
      readonly removed: readonly string[]
    }
  | { readonly type: 'delete'; readonly document: Doc }

export class Collection {
  readonly namespace: string
  readonly indexes = new Map<string, CollectionIndex>()
  /** By the sort key of `_id`, in the order of insertion. */
  readonly #documents = new Map<string, Doc>()
  readonly #onChange: (change: Change) => void

  constructor(namespace: string, onChange: (change: Change) => void) {
    this.namespace = namespace
    this.#onChange = onChange
    this.createIndex({ name: '_id_', key: { _id: 1 }, unique: true, sparse: false })
  }

  get size(): number {
    return this.#documents.size
  }

  documents(): Iterable<Doc> {
    return this.#documents.values()
  }

  get(id: string): Doc | undefined {
    return this.#documents.get(id)
  }

  /** What an empty collection takes over from another: documents and indexes. */
  fillFrom(other: Collection): void {
    for (const [id, document] of other.#documents) this.#documents.set(id, document)
    for (const { spec } of other.indexes.values()) this.createIndex(spec)
  }

  insert(document: Doc): void {
    const id = this.#checked(document)
    const keyed = this.#keyed(document, undefined)
    for (const [index, keys] of keyed) index.add(keys, id)
    this.#documents.set(id, document)
    this.#onChange({ type: 'insert', document })
  }

  /** `before` is what `get` answers now; both have the same `_id`. */
  change(before: Doc, change: Change): void {
    const { document } = change
    const id = this.#checked(document)
    for (const [index, keys] of this.#keyed(document, id)) {
      const old = index.keysOf(before)
      if (old.length === keys.length && old.every((key, at) => key === keys[at])) continue
      index.remove(old, id)
      index.add(keys, id)
    }
    this.#documents.set(id, document)
    this.#onChange(change)
  }

  remove(document: Doc): void {
    const id = sortKey(document['_id'])
    for (const index of this.indexes.values()) index.remove(index.keysOf(document), id)
    this.#documents.delete(id)
    this.#onChange({ type: 'delete', document })
  }

  /** Fails, and leaves none, where documents that are there already are not unique. */
  createIndex(spec: IndexSpec): void {
    const index = new CollectionIndex(spec)
    for (const [id, document] of this.#documents) {
      const keys = index.keysOf(document)
      index.check(document, keys, id, this.namespace)
      index.add(keys, id)
    }
    this.indexes.set(spec.name, index)
  }

  /** Its keys in every index; fails where another document has one that must be unique. */
  #keyed(document: Doc, id: string | undefined): (readonly [CollectionIndex, readonly string[]])[] {
    return [...this.indexes.values()].map((index) => {
      const keys = index.keysOf(document)
      index.check(document, keys, id, this.namespace)
      return [index, keys] as const
    })
  }

  #checked(document: Doc): string {
    const { _id: id } = document
    if (['array', 'regex', 'missing'].includes(typeOf(id)))
      throw new CommandError(2, `The '_id' value cannot be of type ${typeOf(id)}`)
    const size = calculateObjectSize(document)
    if (size > MAX_DOCUMENT)
      throw new CommandError(10334, `a document of ${size} octets is larger than ${MAX_DOCUMENT}`)
    return sortKey(id)
  }
}
