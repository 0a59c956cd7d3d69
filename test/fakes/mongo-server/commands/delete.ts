import { CommandError } from '../command-error.ts'
import type { Doc } from '../document.ts'
import { select } from '../select.ts'
import { type Command, docOf, docsOf, eachStatement, existing, refuse } from './arguments.ts'

export const remove: Command = (call) => {
  const collection = existing(call)
  const counts = new Map<number, number>()
  const ran = ({ q: filter, limit, hint, ...part }: Doc): number => {
    refuse(part, ['collation'])
    if (![0, 1].includes(Number(limit))) throw new CommandError(9, 'The limit field in delete must be 0 or 1')
    const found = select(collection, { filter: docOf(filter, 'q'), limit: Number(limit), hint })
    for (const document of found) collection?.remove(document)
    return found.length
  }
  const failed = eachStatement(call, docsOf(call.body['deletes'], 'deletes'), ran, counts)
  return { n: [...counts.values()].reduce((sum, count) => sum + count, 0), ...failed }
}
