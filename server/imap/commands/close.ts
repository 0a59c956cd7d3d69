import { command, noArguments } from '../command.ts'
import { expunge } from '../expunge.ts'
import { CommandError } from '../failure.ts'

/**
 * Removes what is \Deleted without telling, not even by a modseq: the client would take it for all that others did too.
 * [RFC 9051 §6.4.1] [RFC 7162 §3.2.8]
 */
export const close = command({
  name: 'CLOSE',
  state: 'selected',
  sync: 'nothing',
  parse: noArguments,
  run: async (session) => {
    const { box } = session
    const mayRemove = !box.readOnly && !session.closed && session.may('delete')
    if (mayRemove) await expunge(session, [[0, box.uids.length]]).catch(unlessTakenBack)
    session.leaveMailbox()
    return 'CLOSE done'
  },
})

/** What may not be removed any more stays, as where it might not be from the beginning: CLOSE has no NO. */
function unlessTakenBack(error: unknown): void {
  if (!(error instanceof CommandError) || error.code !== 'NOPERM') throw error
}

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
