import { ObjectId } from 'bson'
import type { Change, Collection } from '../collection.ts'
import { CommandError } from '../command-error.ts'
import { type Doc, isOperators } from '../document.ts'
import { select } from '../select.ts'
import { seedOf, type Update, updateOf } from '../update.ts'
import { type Command, docOf, docsOf, eachStatement, refuse, target } from './arguments.ts'

export const update: Command = (call) => {
  const collection = call.data.collection(call.database, target(call))
  const outcomes = new Map<number, Outcome>()
  const parts = docsOf(call.body['updates'], 'updates')
  const failed = eachStatement(call, parts, (part) => ranUpdate(collection, part), outcomes)
  const all = [...outcomes.values()]
  const upserted = [...outcomes].flatMap(([index, { upserted: id }]) =>
    id === undefined ? [] : [{ index, _id: id.value }],
  )
  return {
    n: all.reduce((sum, { matched }) => sum + matched, 0) + upserted.length,
    nModified: all.reduce((sum, { modified }) => sum + modified, 0),
    ...(upserted.length === 0 ? {} : { upserted }),
    ...failed,
  }
}

interface Outcome {
  readonly matched: number
  readonly modified: number
  readonly upserted?: { readonly value: unknown }
}

function ranUpdate(collection: Collection, part: Doc): Outcome {
  refuse(part, ['collation', 'arrayFilters', 'c', 'sort'])
  const filter = docOf(part['q'], 'q')
  const act = updateOf(part['u'])
  const multi = part['multi'] === true
  if (multi && !isOperators(part['u']))
    throw new CommandError(9, 'multi update is not supported for replacement-style update')
  const found = select(collection, { filter, limit: multi ? 0 : 1, hint: part['hint'] })
  if (found.length === 0 && part['upsert'] === true) {
    const document = upsert(collection, filter, act)
    return { matched: 0, modified: 0, upserted: { value: document['_id'] } }
  }
  let modified = 0
  for (const before of found) if (changed(collection, before, act) !== before) modified++
  return { matched: found.length, modified }
}

/** Answers the document as it is after. */
export function changed(collection: Collection, before: Doc, act: Update): Doc {
  const change: Change | undefined = act(before, false)
  if (change === undefined) return before
  collection.change(before, change)
  return change.document
}

export function upsert(collection: Collection, filter: Doc, act: Update): Doc {
  const seed = seedOf(filter)
  const { _id: id = new ObjectId(), ...fields } = act(seed, true)?.document ?? seed
  const document = { _id: id, ...fields }
  collection.insert(document)
  return document
}
