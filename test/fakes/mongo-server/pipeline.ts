/**
 * The stages of an aggregation. What selects and sorts is ours, as in a find; what computes is done by mingo, which sees
 * integers of 64 bits as doubles.
 */
import { Aggregator } from 'mingo'
import type { Collection } from './collection.ts'
import { CommandError } from './command-error.ts'
import { type Doc, isDoc } from './document.ts'
import { matcher } from './matcher.ts'
import { select, sorted, within } from './select.ts'

const computed = [
  '$group',
  '$project',
  '$unwind',
  '$addFields',
  '$set',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
]

export function aggregated(
  collection: Collection | undefined,
  pipeline: readonly Doc[],
  hint: unknown,
): Doc[] {
  const { $match: filter, ...others } = pipeline[0] ?? {}
  const looksUp = isDoc(filter) && Object.keys(others).length === 0
  let documents = select(collection, { filter: looksUp ? filter : {}, hint })
  for (const stage of looksUp ? pipeline.slice(1) : pipeline) documents = passed(documents, stage)
  return documents
}

function passed(documents: readonly Doc[], stage: Doc): Doc[] {
  const [[name, operand] = [''], ...more] = Object.entries(stage)
  if (more.length > 0)
    throw new CommandError(2, 'A pipeline stage specification object must contain one field')
  if (computed.includes(name)) return computedBy(documents, stage)
  switch (name) {
    case '$match':
      return documents.filter(matcher(asDoc(name, operand)))
    case '$sort':
      return sorted(documents, asDoc(name, operand))
    case '$limit':
      return within(documents, 0, Number(operand))
    case '$skip':
      return within(documents, Number(operand), 0)
    case '$count':
      return documents.length === 0 ? [] : [{ [String(operand)]: documents.length }]
    default:
      throw new CommandError(2, `this server knows no pipeline stage ${name}`)
  }
}

function computedBy(documents: readonly Doc[], stage: Doc): Doc[] {
  try {
    return new Aggregator([plain(stage) as Record<string, unknown>], {}).run(documents.map(plain) as Doc[])
  } catch (error) {
    throw new CommandError(2, `${Object.keys(stage)[0]}: ${error instanceof Error ? error.message : error}`)
  }
}

/** A copy, so that what is stored stays as it is whatever is computed. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (!isDoc(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}

function asDoc(name: string, operand: unknown): Doc {
  if (isDoc(operand)) return operand
  throw new CommandError(2, `${name} needs an object`)
}
