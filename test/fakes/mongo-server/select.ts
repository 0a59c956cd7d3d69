/** The documents that a filter wants, in the order asked for. */
import type { Collection } from './collection.ts'
import { CommandError } from './command-error.ts'
import { type Doc, isDoc } from './document.ts'
import { matcher } from './matcher.ts'
import { partsOf, valuesAt } from './paths.ts'
import { planFor } from './plan.ts'
import { NO_ELEMENT, sortKey } from './sort-key.ts'

export interface Selection {
  readonly filter: Doc
  readonly sort?: Doc | undefined
  readonly skip?: number | undefined
  /** 0: all. */
  readonly limit?: number | undefined
  readonly hint?: unknown
}

/** References to what is stored now: a later change puts another document in its place. */
export function select(collection: Collection | undefined, wanted: Selection): Doc[] {
  const { filter, sort = {}, skip = 0, limit = 0, hint } = wanted
  const matches = matcher(filter)
  if (collection === undefined) return []
  const plan = planFor(collection, filter, sort, hint)
  const complete = plan.sorted || Object.keys(sort).length === 0
  const most = complete && limit > 0 ? skip + limit : Number.POSITIVE_INFINITY
  const found: Doc[] = []
  for (const document of plan.documents) {
    if (found.length >= most) break
    if (matches(document)) found.push(document)
  }
  return within(complete ? found : sorted(found, sort), skip, limit)
}

export const within = (documents: readonly Doc[], skip: number, limit: number): Doc[] =>
  documents.slice(skip, limit > 0 ? skip + limit : undefined)

/** By each field in turn; what is equal stays in its order. An array counts as its smallest or largest element. */
export function sorted(documents: readonly Doc[], sort: Doc): Doc[] {
  const fields = Object.entries(sort).map(([path, way]) => {
    if (isDoc(way) || ![1, -1].includes(Number(way)))
      throw new CommandError(2, '$sort key ordering must be 1 (for ascending) or -1 (for descending)')
    return { parts: partsOf(path), way: Number(way) }
  })
  const keyed = documents.map((document) => ({
    document,
    keys: fields.map(({ parts, way }) => extreme(valuesAt(document, parts), way)),
  }))
  keyed.sort((a, b) => {
    for (const [at, { way }] of fields.entries()) {
      const [one = '', other = ''] = [a.keys[at], b.keys[at]]
      if (one !== other) return one < other ? -way : way
    }
    return 0
  })
  return keyed.map(({ document }) => document)
}

function extreme(values: readonly unknown[], way: number): string {
  const keys = values.flatMap((value) => {
    if (!Array.isArray(value)) return [sortKey(value)]
    return value.length === 0 ? [NO_ELEMENT] : value.map(sortKey)
  })
  return keys.reduce((best, key) => (way > 0 === key < best ? key : best), keys[0] ?? sortKey(null))
}
