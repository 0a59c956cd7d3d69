import { CommandError } from '../command-error.ts'
import type { Doc } from '../document.ts'
import { projection } from '../projection.ts'
import { select } from '../select.ts'
import { updateOf } from '../update.ts'
import { type Call, type Command, docOr, refuse, target } from './arguments.ts'
import { changed, upsert } from './update.ts'

export const findAndModify: Command = (call) => {
  refuse(call.body, ['collation', 'arrayFilters', 'let'])
  return call.statements.once(0, () => ran(call))
}

function ran(call: Call): Doc {
  const { body, data, database } = call
  const collection = data.collection(database, target(call))
  const filter = docOr(body['query'], {}, 'query')
  const sort = docOr(body['sort'], {}, 'sort')
  const shown = projection(docOr(body['fields'], {}, 'fields'))
  const [before] = select(collection, { filter, sort, limit: 1, hint: body['hint'] })
  const answer = (value: Doc | undefined, lastErrorObject: Doc) => ({
    lastErrorObject,
    value: value === undefined ? null : shown(value),
  })
  if (body['remove'] === true) {
    if (body['update'] !== undefined)
      throw new CommandError(9, 'Cannot specify both an update and remove=true')
    if (before !== undefined) collection.remove(before)
    return answer(before, { n: before === undefined ? 0 : 1 })
  }
  const act = updateOf(body['update'])
  const wantsNew = body['new'] === true
  if (before !== undefined) {
    const after = changed(collection, before, act)
    return answer(wantsNew ? after : before, { n: 1, updatedExisting: true })
  }
  if (body['upsert'] !== true) return answer(undefined, { n: 0, updatedExisting: false })
  const made = upsert(collection, filter, act)
  return answer(wantsNew ? made : undefined, { n: 1, updatedExisting: false, upserted: made['_id'] })
}
