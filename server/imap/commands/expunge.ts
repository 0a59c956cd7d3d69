import { command } from '../command.ts'
import { expunge } from '../expunge.ts'
import { positionsOf } from '../message-set.ts'

/** [RFC 9051 §6.4.3] and UID EXPUNGE [RFC 9051 §6.4.9] */
export const expungeCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID EXPUNGE' : 'EXPUNGE',
    state: 'selected',
    sync: 'all',
    parse: (cursor) => {
      if (!byUid) return undefined
      cursor.space()
      return cursor.numberSet()
    },
    run: async (session, set) => {
      const box = session.writableBox()
      session.require('delete')
      await expunge(session, set === undefined ? [[0, box.uids.length]] : positionsOf(session, set, byUid))
      return 'EXPUNGE done'
    },
  }),
)
