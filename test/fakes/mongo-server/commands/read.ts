/** find, getMore, killCursors, count, distinct and aggregate. */
import { Long } from 'bson'
import { changeStream } from '../change-stream.ts'
import { CommandError } from '../command-error.ts'
import { listCursor } from '../cursors.ts'
import { partsOf, valuesAt, withElements } from '../paths.ts'
import { aggregated } from '../pipeline.ts'
import { projection } from '../projection.ts'
import { select } from '../select.ts'
import { sortKey } from '../sort-key.ts'
import { type Command, docOf, docOr, docsOf, existing, numberOr, refuse, target } from './arguments.ts'

/** The first batch where none is asked for. */
const FIRST_BATCH = 101

export const find: Command = (call) => {
  const { body, data, database } = call
  refuse(body, ['collation', 'let', 'min', 'max', 'returnKey', 'showRecordId', 'tailable', 'awaitData'])
  const limit = numberOr(body['limit'], 0)
  const found = select(existing(call), {
    filter: docOr(body['filter'], {}, 'filter'),
    sort: docOr(body['sort'], {}, 'sort'),
    skip: numberOr(body['skip'], 0),
    limit: Math.abs(limit),
    hint: body['hint'],
  })
  const shown = projection(docOr(body['projection'], {}, 'projection'))
  const cursor = listCursor(`${database}.${target(call)}`, found, shown)
  const single = body['singleBatch'] === true || limit < 0
  return data.cursors.first(cursor, numberOr(body['batchSize'], FIRST_BATCH), single)
}

export const getMore: Command = ({ body, data }) =>
  data.cursors.more(
    idOf(body['getMore']),
    numberOr(body['batchSize'], 0) || Number.POSITIVE_INFINITY,
    numberOr(body['maxTimeMS'], 1_000),
  )

export const killCursors: Command = ({ body, data }) => {
  const { cursors: ids } = body
  if (!Array.isArray(ids)) throw new CommandError(14, 'cursors must be an array')
  const killed = ids.filter((id) => data.cursors.kill(idOf(id)))
  const others = ids.filter((id) => !killed.includes(id))
  return { cursorsKilled: killed, cursorsNotFound: others, cursorsAlive: [], cursorsUnknown: [] }
}

const idOf = (value: unknown): bigint => (value instanceof Long ? value.toBigInt() : BigInt(value as bigint))

export const count: Command = (call) => {
  const { body } = call
  refuse(body, ['collation'])
  const collection = existing(call)
  const filter = docOr(body['query'], {}, 'query')
  const [skip, limit] = [numberOr(body['skip'], 0), Math.abs(numberOr(body['limit'], 0))]
  if (Object.keys(filter).length === 0 && skip === 0 && limit === 0) return { n: collection?.size ?? 0 }
  return { n: select(collection, { filter, skip, limit, hint: body['hint'] }).length }
}

export const distinct: Command = (call) => {
  refuse(call.body, ['collation'])
  const parts = partsOf(String(call.body['key']))
  const values = new Map<string, unknown>()
  for (const document of select(existing(call), { filter: docOr(call.body['query'], {}, 'query') }))
    for (const value of withElements(valuesAt(document, parts)))
      if (value !== undefined && !Array.isArray(value)) values.set(sortKey(value), value)
  return { values: [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value) }
}

export const aggregate: Command = (call) => {
  const { body, data, database } = call
  refuse(body, ['collation', 'let', 'explain'])
  const pipeline = docsOf(body['pipeline'], 'pipeline')
  const batchSize = numberOr(docOf(body['cursor'], 'cursor')['batchSize'], FIRST_BATCH)
  const collection = typeof body['aggregate'] === 'string' ? body['aggregate'] : undefined
  if (pipeline[0] !== undefined && '$changeStream' in pipeline[0])
    return data.cursors.first(changeStream(data, database, collection, pipeline), batchSize)
  const found = aggregated(existing(call), pipeline, body['hint'])
  return data.cursors.first(
    listCursor(`${database}.${target(call)}`, found, (document) => document),
    batchSize,
  )
}
