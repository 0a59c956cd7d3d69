import { command } from '../command.ts'
import { bad } from '../failure.ts'

/** [RFC 5267 §4.3.5] */
export const cancelUpdate = command({
  name: 'CANCELUPDATE',
  state: 'selected',
  sync: 'all',
  parse: (cursor) => {
    const tags: string[] = []
    do {
      cursor.space()
      tags.push(cursor.string())
    } while (!cursor.done)
    return tags
  },
  run: async ({ box: { contexts } }, tags) => {
    if (!tags.every((tag) => contexts.has(tag))) throw bad('No search of that tag is updated')
    for (const tag of tags) contexts.cancel(tag)
    return 'CANCELUPDATE done'
  },
})
