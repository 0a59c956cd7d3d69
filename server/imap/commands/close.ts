import { command, noArguments } from '../command.ts'
import { expunge } from '../expunge.ts'

/** Removes what is \Deleted without telling, then leaves. [RFC 9051 §6.4.1] */
export const close = command({
  name: 'CLOSE',
  state: 'selected',
  sync: 'nothing',
  parse: noArguments,
  run: async (session) => {
    const mayRemove = !session.box.readOnly && !session.closed && session.may('delete')
    if (mayRemove) await expunge(session, [[0, session.box.uids.length]])
    session.leaveMailbox()
    return 'CLOSE done'
  },
})

/** [RFC 9051 §6.4.2] */
export const unselect = command({
  name: 'UNSELECT',
  state: 'selected',
  sync: 'nothing',
  parse: noArguments,
  run: async (session) => {
    session.leaveMailbox()
    return 'UNSELECT done'
  },
})
