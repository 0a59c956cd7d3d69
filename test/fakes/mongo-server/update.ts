/** What an update makes of a document. Pipelines, array filters and positions found by the filter are refused. */
import { Timestamp } from 'bson'
import { arrayOperators } from './array-operators.ts'
import type { Change } from './collection.ts'
import { CommandError } from './command-error.ts'
import { type Doc, isDoc, isOperators } from './document.ts'
import { partsOf, valueAt } from './paths.ts'
import { sortKey } from './sort-key.ts'
import { withoutPath, withValueAt } from './update-paths.ts'

/** undefined where nothing would be another. */
export type Update = (
  document: Doc,
  inserting: boolean,
) => Exclude<Change, { type: 'insert' | 'delete' }> | undefined

export function updateOf(update: unknown): Update {
  if (!isDoc(update)) throw new CommandError(9, 'this server takes no updates that are pipelines')
  return isOperators(update) ? operatorsOf(update) : replacementBy(update)
}

function replacementBy(update: Doc): Update {
  const unknown = Object.keys(update).find((name) => name.startsWith('$'))
  if (unknown !== undefined)
    throw new CommandError(52, `The dollar ($) prefixed field '${unknown}' is not allowed`)
  return (before) => {
    const { _id: id = before['_id'], ...fields } = update
    const document = { _id: id, ...fields }
    sameId(before, document)
    return sortKey(before) === sortKey(document) ? undefined : { type: 'replace', document }
  }
}

function operatorsOf(update: Doc): Update {
  const steps = Object.entries(update).flatMap(([name, fields]) => {
    if (!isDoc(fields))
      throw new CommandError(9, `Modifiers operate on fields but we found another type for ${name}`)
    return Object.entries(fields).map(([path, operand]) => ({ name, path, operand }))
  })
  refuseConflicts(
    steps.flatMap(({ name, path, operand }) => (name === '$rename' ? [path, String(operand)] : [path])),
  )
  return (before, inserting) => {
    let document = before
    for (const step of steps) {
      if (step.name === '$setOnInsert' && !inserting) continue
      document = applied(document, step.name, step.path, step.operand)
    }
    if (!inserting) sameId(before, document)
    const touched = steps.flatMap(({ name, path, operand }) =>
      name === '$rename' ? [path, String(operand)] : [path],
    )
    return described(before, document, touched)
  }
}

function applied(document: Doc, name: string, path: string, operand: unknown): Doc {
  const parts = partsOf(path)
  const current = valueAt(document, parts)
  const withValue = (value: unknown) => withValueAt(document, parts, value)
  const array = arrayOperators[name]
  if (array !== undefined) {
    if (current === undefined && name.startsWith('$p') && name !== '$push') return document
    if (current !== undefined && !Array.isArray(current))
      throw new CommandError(2, `The field '${path}' must be an array but is of another type`)
    return withValue(array(current ?? [], operand))
  }
  switch (name) {
    case '$set':
    case '$setOnInsert':
      return withValue(operand)
    case '$unset':
      return withoutPath(document, parts)
    case '$inc':
      return withValue(calculated(name, path, current ?? 0, operand))
    case '$mul':
      return withValue(calculated(name, path, current ?? 0, operand))
    case '$min':
      return current === undefined || sortKey(operand) < sortKey(current) ? withValue(operand) : document
    case '$max':
      return current === undefined || sortKey(operand) > sortKey(current) ? withValue(operand) : document
    case '$rename':
      return current === undefined
        ? document
        : withValueAt(withoutPath(document, parts), partsOf(String(operand)), current)
    case '$currentDate':
      return withValue(isDoc(operand) && operand['$type'] === 'timestamp' ? timestampNow() : new Date())
    default:
      throw new CommandError(9, `Unknown modifier: ${name}`)
  }
}

const timestampNow = (): Timestamp => new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 })

function calculated(name: string, path: string, current: unknown, operand: unknown): number | bigint {
  const isNumber = (value: unknown): value is number | bigint => ['number', 'bigint'].includes(typeof value)
  if (!isNumber(current) || !isNumber(operand))
    throw new CommandError(14, `Cannot apply ${name} to '${path}': not numbers`)
  const whole = [current, operand].every((value) => typeof value === 'bigint' || Number.isInteger(value))
  if (whole && (typeof current === 'bigint' || typeof operand === 'bigint')) {
    const exact = name === '$inc' ? BigInt(current) + BigInt(operand) : BigInt(current) * BigInt(operand)
    if (BigInt.asIntN(64, exact) !== exact)
      throw new CommandError(2, `${name} of '${path}' overflows 64 bits`)
    return exact
  }
  return name === '$inc' ? Number(current) + Number(operand) : Number(current) * Number(operand)
}

function described(before: Doc, document: Doc, paths: readonly string[]): ReturnType<Update> {
  const set: Record<string, unknown> = {}
  const removed: string[] = []
  for (const path of paths) {
    const [was, is] = [valueAt(before, partsOf(path)), valueAt(document, partsOf(path))]
    if (is === undefined ? was === undefined : was !== undefined && sortKey(was) === sortKey(is)) continue
    if (is === undefined) removed.push(path)
    else set[path] = is
  }
  if (Object.keys(set).length === 0 && removed.length === 0) return undefined
  return { type: 'update', document, set, removed }
}

function sameId(before: Doc, after: Doc): void {
  if (sortKey(before['_id']) === sortKey(after['_id'])) return
  throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'")
}

/** No path may be another one or lead through it. */
function refuseConflicts(paths: readonly string[]): void {
  const ordered = paths.map((path) => `${path}.`).sort()
  const at = ordered.findIndex((path, index) => ordered[index + 1]?.startsWith(path))
  if (at >= 0) throw new CommandError(40, `Updating the path '${ordered[at + 1]}' would create a conflict`)
}

/** The document that an upsert begins with: what the filter says that fields are equal to. */
export function seedOf(filter: Doc): Doc {
  let seed: Doc = {}
  for (const [path, condition] of Object.entries(filter)) {
    if (path === '$and' && Array.isArray(condition))
      for (const part of condition) seed = { ...seed, ...seedOf(part as Doc) }
    if (path.startsWith('$')) continue
    if (!isOperators(condition)) seed = withValueAt(seed, partsOf(path), condition)
    else if (Object.hasOwn(condition, '$eq')) seed = withValueAt(seed, partsOf(path), condition['$eq'])
  }
  return seed
}
