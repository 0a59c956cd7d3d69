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
      const positions = set === undefined ? [[0, box.uids.length] as const] : positionsOf(session, set, byUid)
      const removed = await expunge(session, positions)
      if (removed === 0 || !session.enabled.condstore) return 'EXPUNGE done'
      await session.sync('all')
      return `[HIGHESTMODSEQ ${box.modseq}] EXPUNGE done`
    },
  }),
)
