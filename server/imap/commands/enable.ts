import { command } from '../command.ts'
import { bad } from '../failure.ts'

/** Unknown names are passed over. [RFC 9051 §6.3.1] */
export const enable = command({
  name: 'ENABLE',
  state: 'authenticated',
  sync: 'nothing',
  parse: (cursor) => {
    const names = new Set<string>()
    do {
      cursor.space()
      names.add(cursor.keyword())
    } while (!cursor.done)
    return names
  },
  run: async (session, names) => {
    if (session.selected !== undefined) throw bad('ENABLE comes before a mailbox is selected')
    const rev2 = names.has('IMAP4REV2')
    if (rev2) session.rev2 = true
    session.out.untagged(`ENABLED${rev2 ? ' IMAP4rev2' : ''}`)
    return 'ENABLE done'
  },
})
