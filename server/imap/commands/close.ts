import { command, noArguments } from '../command.ts'
import { expunge } from '../expunge.ts'

/** Removes what is \Deleted without telling, then leaves. [RFC 9051 §6.4.1] */
export const close = command({
  name: 'CLOSE',
  state: 'selected',
  sync: 'nothing',
  parse: noArguments,
  run: async (session) => {
    const { box } = session
    const mayRemove = !box.readOnly && !session.closed && session.may('delete')
    const removed = mayRemove ? await expunge(session, [[0, box.uids.length]]) : 0
    const counts = removed > 0 && session.enabled.qresync
    if (counts && session.notifications?.selected.tells !== 'nothing') await box.tellOthers(session)
    session.leaveMailbox()
    return counts ? `[HIGHESTMODSEQ ${box.modseq}] CLOSE done` : 'CLOSE done'
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
