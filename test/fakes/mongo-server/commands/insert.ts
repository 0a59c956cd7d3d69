import { ObjectId } from 'bson'
import { CommandError } from '../command-error.ts'
import type { Doc } from '../document.ts'
import { type Command, docsOf, eachStatement, target } from './arguments.ts'

export const insert: Command = (call) => {
  const documents = docsOf(call.body['documents'], 'documents')
  if (documents.length === 0 || documents.length > 100_000)
    throw new CommandError(72, 'Write batch sizes must be between 1 and 100000')
  const collection = call.data.collection(call.database, target(call))
  const done = new Map<number, void>()
  const failed = eachStatement(call, documents, (document) => collection.insert(withId(document)), done)
  return { n: done.size, ...failed }
}

/** `_id` comes first. */
function withId(document: Doc): Doc {
  if (Object.keys(document)[0] === '_id') return document
  const { _id: id = new ObjectId(), ...fields } = document
  return { _id: id, ...fields }
}
