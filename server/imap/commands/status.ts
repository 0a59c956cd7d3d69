import { command } from '../command.ts'
import { no } from '../failure.ts'
import { parseStatusItems, statusLine } from '../mailbox-status.ts'

/** [RFC 9051 §6.3.11] */
export const status = command({
  name: 'STATUS',
  state: 'authenticated',
  sync: 'all',
  parse: (cursor) => {
    cursor.space()
    const name = cursor.astring()
    cursor.space()
    return { name, items: parseStatusItems(cursor) }
  },
  run: async (session, { name, items }) => {
    session.require('read')
    const row = await session.mailbox(session.name(name))
    const line = await statusLine(session, row, items)
    if (line === undefined) throw no('NONEXISTENT', 'Boyle bir kutu yok', 'There is no such mailbox')
    session.out.untagged(line)
    return 'STATUS done'
  },
})
