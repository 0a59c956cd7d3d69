/**
 * Which documents a command has to look at: through an index where the filter fixes its first fields or the order asked for
 * is the index's own, else all. What comes out may be more than the filter wants, never less.
 */
import type { Collection } from './collection.ts'
import type { CollectionIndex } from './collection-index.ts'
import { CommandError } from './command-error.ts'
import { type Doc, isDoc, isOperators, typeOf } from './document.ts'
import { clauses } from './matcher.ts'
import { ABOVE, afterBracket, bracketOf, sortKey } from './sort-key.ts'

export interface Plan {
  readonly documents: Iterable<Doc>
  /** They come in the order that was asked for. */
  readonly sorted: boolean
}

/** What a filter demands of one field, as bounds on keys. */
interface Bounds {
  equal?: readonly string[]
  low?: string
  high?: string
}

/** More combinations than this are not looked up one by one. */
const MAX_LOOKUPS = 2_000

export function planFor(collection: Collection, filter: Doc, sort: Doc, hint: unknown): Plan {
  const bounds = new Map<string, Bounds>()
  collectBounds(filter, bounds)
  const indexes = hint === undefined ? [...collection.indexes.values()] : hinted(collection, hint)
  let best: Candidate | undefined
  for (const index of indexes) {
    const candidate = candidateOf(index, bounds, sort)
    if (candidate !== undefined && (best === undefined || candidate.worth > best.worth)) best = candidate
  }
  if (best === undefined) return { documents: collection.documents(), sorted: false }
  return { documents: lookUp(collection, best), sorted: best.direction !== undefined }
}

interface Candidate {
  readonly index: CollectionIndex
  readonly ranges: readonly (readonly [low: string, high: string])[]
  /** undefined: the documents are not in the order asked for. */
  readonly direction: 1 | -1 | undefined
  readonly worth: number
}

function candidateOf(
  index: CollectionIndex,
  bounds: ReadonlyMap<string, Bounds>,
  sort: Doc,
): Candidate | undefined {
  let prefixes = ['']
  let fixed = 0
  for (const field of index.fields) {
    const equal = bounds.get(field)?.equal
    if (equal === undefined || prefixes.length * equal.length > MAX_LOOKUPS) break
    prefixes = prefixes.flatMap((prefix) => equal.map((key) => prefix + key))
    fixed++
  }
  const next = bounds.get(index.fields[fixed] ?? '')
  const ranged = next !== undefined && (next.low !== undefined || next.high !== undefined)
  const direction = prefixes.length === 1 ? directionOf(index, fixed, sort, bounds) : undefined
  // A sparse index lacks the documents that have none of its fields.
  if (index.spec.sparse && (fixed === 0 || nullIsWanted(bounds.get(index.fields[0] ?? '')))) return undefined
  if (fixed === 0 && !ranged && direction === undefined) return undefined
  const ranges = prefixes.map((prefix) => rangeOf(prefix, ranged ? next : undefined, index.multikey))
  return { index, ranges, direction, worth: 4 * fixed + (ranged ? 2 : 0) + (direction === undefined ? 0 : 1) }
}

const nullIsWanted = (bounds: Bounds | undefined): boolean => bounds?.equal?.includes(sortKey(null)) ?? true

function rangeOf(prefix: string, bounds: Bounds | undefined, multikey: boolean): readonly [string, string] {
  if (bounds === undefined) return [prefix, prefix + ABOVE]
  const { low, high } = bounds
  const bracket = bracketOf(low ?? high ?? '')
  // One element of an array may be above the one bound and another below the other.
  const upTo = multikey && low !== undefined ? undefined : high
  return [prefix + (low ?? bracket), prefix + (upTo ?? afterBracket(bracket))]
}

/** The way through the index in which what follows the fixed fields is in the order asked for. */
function directionOf(
  index: CollectionIndex,
  fixed: number,
  sort: Doc,
  bounds: ReadonlyMap<string, Bounds>,
): 1 | -1 | undefined {
  const wanted = Object.entries(sort).filter(([field]) => bounds.get(field)?.equal?.length !== 1)
  if (index.multikey || Object.keys(sort).length === 0) return undefined
  const first = wanted[0] === undefined ? 1 : Number(wanted[0][1]) > 0 ? 1 : -1
  const fits = wanted.every(
    ([field, way], at) => index.fields[fixed + at] === field && Number(way) > 0 === first > 0,
  )
  return fits ? first : undefined
}

function* lookUp(collection: Collection, { index, ranges, direction }: Candidate): Generator<Doc> {
  const seen = index.multikey ? new Set<string>() : undefined
  for (const [low, high] of ranges) {
    const entries = direction === -1 ? index.entries.downwards(low, high) : index.entries.between(low, high)
    for (const { id } of entries) {
      if (seen?.has(id)) continue
      seen?.add(id)
      const document = collection.get(id)
      if (document !== undefined) yield document
    }
  }
}

function collectBounds(filter: Doc, into: Map<string, Bounds>): void {
  for (const [name, condition] of Object.entries(filter)) {
    if (name === '$and') for (const part of clauses(name, condition)) collectBounds(part, into)
    if (name.startsWith('$')) continue
    const bounds = into.get(name) ?? {}
    into.set(name, bounds)
    for (const [operator, operand] of Object.entries(isOperators(condition) ? condition : { $eq: condition }))
      narrow(bounds, operator, operand)
  }
}

const isLookedUp = (value: unknown): boolean => !['array', 'regex'].includes(typeOf(value))

/** The first of two demands of one kind is enough: the rest is left to the filter. */
function narrow(bounds: Bounds, operator: string, operand: unknown): void {
  if (operator === '$in' && Array.isArray(operand) && operand.every(isLookedUp))
    bounds.equal ??= [...new Set(operand.map(sortKey))].sort()
  if (!isLookedUp(operand)) return
  if (operator === '$eq') bounds.equal ??= [sortKey(operand)]
  if (operand === null) return
  const other = bounds.low ?? bounds.high
  const key = ['$gt', '$gte', '$lt', '$lte'].includes(operator) ? sortKey(operand) : undefined
  if (key === undefined || (other !== undefined && bracketOf(other) !== bracketOf(key))) return
  if (operator === '$gt') bounds.low ??= key + ABOVE
  if (operator === '$gte') bounds.low ??= key
  if (operator === '$lt') bounds.high ??= key
  if (operator === '$lte') bounds.high ??= key + ABOVE
}

/** The index named, by its name or its key; none for the order of insertion. */
export function hinted(collection: Collection, hint: unknown): CollectionIndex[] {
  if (isDoc(hint) && '$natural' in hint) return []
  const wanted = JSON.stringify(hint)
  const found = [...collection.indexes.values()].filter(
    ({ spec }) => spec.name === hint || JSON.stringify(spec.key) === wanted,
  )
  if (found.length === 0) throw new CommandError(2, 'hint provided does not correspond to an existing index')
  return found
}
