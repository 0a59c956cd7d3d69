/** Collections and their indexes: made, listed and dropped. */
import type { Collection } from '../collection.ts'
import type { CollectionIndex, IndexSpec } from '../collection-index.ts'
import { CommandError } from '../command-error.ts'
import { listCursor } from '../cursors.ts'
import type { Doc } from '../document.ts'
import { matcher } from '../matcher.ts'
import { hinted } from '../plan.ts'
import { type Command, docOf, docOr, docsOf, existing, numberOr, refuse, target } from './arguments.ts'

const FIRST_BATCH = 101

export const create: Command = (call) => {
  refuse(call.body, ['capped', 'timeseries', 'viewOn', 'collation', 'validator', 'clusteredIndex'])
  if (existing(call) !== undefined)
    throw new CommandError(48, `Collection ${call.database}.${target(call)} already exists.`)
  call.data.create(call.database, target(call))
  return {}
}

export const drop: Command = (call) => {
  const dropped = call.data.drop(call.database, target(call))
  return dropped === undefined ? {} : { ns: dropped.namespace, nIndexesWas: dropped.indexes.size }
}

export const dropDatabase: Command = ({ data, database }) => {
  data.dropDatabase(database)
  return { dropped: database }
}

export const listCollections: Command = ({ data, database, body }) => {
  const matches = matcher(docOr(body['filter'], {}, 'filter'))
  const found = data.collections(database).map(({ name, collection }) => ({
    name,
    type: 'collection',
    options: {},
    info: { readOnly: false },
    idIndex: listed(collection.indexes.get('_id_')?.spec),
  }))
  const cursor = listCursor(`${database}.$cmd.listCollections`, found.filter(matches), (document) => document)
  return data.cursors.first(cursor, numberOr(docOr(body['cursor'], {}, 'cursor')['batchSize'], FIRST_BATCH))
}

export const listDatabases: Command = ({ data, body }) => {
  const matches = matcher(docOr(body['filter'], {}, 'filter'))
  const databases = data.databases().map((name) => ({ name, sizeOnDisk: 1, empty: false }))
  return { databases: databases.filter(matches), totalSize: databases.length }
}

/** Either all of them are there afterwards, or what was there before. */
export const createIndexes: Command = (call) => {
  const specs = docsOf(call.body['indexes'], 'indexes').map(specOf)
  const isNew = existing(call) === undefined
  const collection = call.data.collection(call.database, target(call))
  const before = collection.indexes.size
  const made: string[] = []
  try {
    for (const spec of specs) {
      if (
        isThere(
          spec,
          [...collection.indexes.values()].map((index) => index.spec),
        )
      )
        continue
      collection.createIndex(spec)
      made.push(spec.name)
    }
  } catch (error) {
    for (const name of made) collection.indexes.delete(name)
    throw error
  }
  return {
    numIndexesBefore: before,
    numIndexesAfter: collection.indexes.size,
    createdCollectionAutomatically: isNew,
  }
}

const knownOptions = ['key', 'name', 'unique', 'sparse', 'expireAfterSeconds', 'background', 'v', 'ns']

function specOf(given: Doc): IndexSpec {
  const unknown = Object.keys(given).find((option) => !knownOptions.includes(option))
  if (unknown !== undefined) throw new CommandError(67, `this server knows no option ${unknown} of an index`)
  const key = Object.entries(docOf(given['key'], 'key')).map(([field, way]) => {
    if (![1, -1].includes(Number(way)))
      throw new CommandError(67, `this server knows no index of the kind ${way}`)
    return [field, Number(way) as 1 | -1] as const
  })
  const { expireAfterSeconds: expiry } = given
  return {
    name: String(given['name']),
    key: Object.fromEntries(key),
    unique: given['unique'] === true,
    sparse: given['sparse'] === true,
    expireAfterSeconds: expiry === undefined ? undefined : Number(expiry),
  }
}

/** The same under the same name is no fault; anything else that is alike is. */
function isThere(wanted: IndexSpec, present: readonly IndexSpec[]): boolean {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
  for (const spec of present) {
    if (spec.name === '_id_' && same(spec.key, wanted.key)) return true
    if (same(spec, wanted)) return true
    if (spec.name === wanted.name)
      throw new CommandError(86, `An existing index has the same name as the requested index: ${wanted.name}`)
    if (same(spec.key, wanted.key))
      throw new CommandError(85, `Index already exists with a different name or options: ${spec.name}`)
  }
  return false
}

export const listIndexes: Command = (call) => {
  const { data, database, body } = call
  const collection = existing(call)
  if (collection === undefined) throw new CommandError(26, `ns does not exist: ${database}.${target(call)}`)
  const found = [...collection.indexes.values()].map(({ spec }) => listed(spec))
  const cursor = listCursor(collection.namespace, found, (document) => document)
  return data.cursors.first(cursor, numberOr(docOr(body['cursor'], {}, 'cursor')['batchSize'], FIRST_BATCH))
}

const listed = (spec: IndexSpec | undefined): Doc => ({
  v: 2,
  key: spec?.key,
  name: spec?.name,
  ...(spec?.unique && spec.name !== '_id_' ? { unique: true } : {}),
  ...(spec?.sparse ? { sparse: true } : {}),
  ...(spec?.expireAfterSeconds === undefined ? {} : { expireAfterSeconds: spec.expireAfterSeconds }),
})

export const dropIndexes: Command = (call) => {
  const collection = existing(call)
  if (collection === undefined) throw new CommandError(26, 'ns not found')
  const { index: wanted } = call.body
  const nIndexesWas = collection.indexes.size
  const dropped = wanted === '*' ? [...collection.indexes.values()] : named(collection, wanted)
  for (const { spec } of dropped) if (spec.name !== '_id_') collection.indexes.delete(spec.name)
  return { nIndexesWas }
}

function named(collection: Collection, given: unknown): CollectionIndex[] {
  try {
    return (Array.isArray(given) ? given : [given]).flatMap((one) => hinted(collection, one))
  } catch {
    throw new CommandError(27, `index not found with name [${given}]`)
  }
}
