import { command } from '../command.ts'
import { matchesPattern } from '../list-pattern.ts'
import { SEPARATOR } from '../mailbox-name.ts'
import { readTree } from '../mailbox-tree.ts'
import { mailbox } from '../wire-text.ts'

/** Subscribed names, and with `%` the levels above them. [RFC 3501 §6.3.9] */
export const lsub = command({
  name: 'LSUB',
  state: 'authenticated',
  sync: 'all',
  parse: (cursor) => {
    cursor.space()
    const reference = cursor.astring()
    cursor.space()
    const pattern = cursor.pattern()
    return { reference, pattern }
  },
  run: async (session, { reference, pattern }) => {
    const wanted = session.pattern(reference, pattern)
    if (wanted === undefined) return 'LSUB done'
    const tree = await readTree(session)
    for (const name of tree.names) {
      await session.slice.breathe()
      session.requireClient()
      const above = !tree.subscribed.has(name) && wanted.endsWith('%') && tree.withSubscribed.has(name)
      if ((!tree.subscribed.has(name) && !above) || !matchesPattern(wanted, name)) continue
      session.out.untagged(
        `LSUB (${above ? '\\Noselect' : ''}) "${SEPARATOR}" ${mailbox(name, session.enabled.utf8)}`,
      )
      await session.out.room()
    }
    return 'LSUB done'
  },
})
