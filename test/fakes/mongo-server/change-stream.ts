/** A cursor over what is changed in a collection or a database from now on, or from a place that was seen before. */
import type { Timestamp } from 'bson'
import type { Logged } from './change-log.ts'
import { CommandError } from './command-error.ts'
import { batchOf, type Cursor } from './cursors.ts'
import type { Data } from './data.ts'
import { type Doc, isDoc } from './document.ts'
import { matcher } from './matcher.ts'
import { sortKey } from './sort-key.ts'

const known = [
  'fullDocument',
  'fullDocumentBeforeChange',
  'resumeAfter',
  'startAfter',
  'startAtOperationTime',
  'showExpandedEvents',
]

export function changeStream(
  data: Data,
  database: string,
  collection: string | undefined,
  pipeline: readonly Doc[],
): Cursor {
  if (data.options.refuseChangeStreams)
    throw new CommandError(40573, 'The $changeStream stage is only supported on replica sets')
  const { options, wanted } = stagesOf(pipeline)
  const isOurs = (entry: Logged) =>
    entry.database === database && (collection === undefined || ['', collection].includes(entry.collection))
  const { log } = data
  const closed = new AbortController()
  let position = startOf(data, options)
  let ended = false
  /** Leaves behind what nobody wants; answers whether anything is left. */
  const pass = (): boolean => {
    const next = log
      .after(position)
      .find((entry) => isOurs(entry) && (isEnd(entry, collection) || wanted(eventOf(data, entry, false))))
    position = next === undefined ? log.last : next.number - 1
    return next !== undefined
  }
  return {
    namespace: `${database}.${collection ?? '$cmd.aggregate'}`,
    take: (count) => {
      pass()
      const found: { number: number; event: Doc }[] = []
      let end: number | undefined
      for (const entry of log.after(position)) {
        if (found.length >= count || end !== undefined) break
        if (!isOurs(entry)) continue
        const event = eventOf(data, entry, options['fullDocument'] === 'updateLookup')
        if (wanted(event)) found.push({ number: entry.number, event })
        if (isEnd(entry, collection)) end = entry.number
      }
      const batch = batchOf(
        found.map(({ event }) => event),
        (event) => event,
      )
      position = found[batch.length - 1]?.number ?? position
      ended ||= end !== undefined && batch.length === found.length
      return batch
    },
    get exhausted() {
      return ended
    },
    about: () => ({ postBatchResumeToken: log.tokenOf(position) }),
    wait: async (ms) => {
      const until = performance.now() + ms
      for (;;) {
        const rest = until - performance.now()
        if (pass() || rest <= 0 || closed.signal.aborted) return
        await log.next(rest, closed.signal)
      }
    },
    close: () => closed.abort(),
  }
}

function stagesOf(pipeline: readonly Doc[]): { options: Doc; wanted: (event: Doc) => boolean } {
  const [first, ...others] = pipeline
  const options = first?.['$changeStream']
  if (!isDoc(options)) throw new CommandError(2, '$changeStream must be an object')
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new CommandError(2, `this server knows no option ${unknown} of $changeStream`)
  if (!['default', 'updateLookup'].includes(String(options['fullDocument'] ?? 'default')))
    throw new CommandError(2, 'this server keeps no images of changed documents')
  const filters = others.map((stage) => {
    if (!isDoc(stage['$match']))
      throw new CommandError(2, 'after $changeStream this server knows $match only')
    return matcher(stage['$match'])
  })
  return { options, wanted: (event) => filters.every((filter) => filter(event)) }
}

function startOf({ log }: Data, options: Doc): number {
  const token = options['resumeAfter'] ?? options['startAfter']
  if (isDoc(token)) return log.numberOf(token)
  const time = options['startAtOperationTime']
  return time === undefined ? log.last : log.before(time as Timestamp)
}

/** A stream on a collection ends with it, one on a database with the database. */
const isEnd = ({ change }: Logged, collection: string | undefined): boolean =>
  change.type === 'dropDatabase' || (change.type === 'drop' && collection !== undefined)

function eventOf(data: Data, { number, database, collection, change, at }: Logged, lookUp: boolean): Doc {
  const about = {
    _id: data.log.tokenOf(number),
    operationType: change.type,
    clusterTime: data.log.timeOf(number),
    wallTime: at,
    ns: collection === '' ? { db: database } : { db: database, coll: collection },
  }
  if (change.type === 'drop' || change.type === 'dropDatabase') return about
  const { document } = change
  const documentKey = { _id: document['_id'] }
  if (change.type === 'delete') return { ...about, documentKey }
  if (change.type !== 'update') return { ...about, fullDocument: document, documentKey }
  const updateDescription = { updatedFields: change.set, removedFields: change.removed, truncatedArrays: [] }
  if (!lookUp) return { ...about, documentKey, updateDescription }
  const now = data.find(database, collection)?.get(sortKey(documentKey._id)) ?? null
  return { ...about, fullDocument: now, documentKey, updateDescription }
}
