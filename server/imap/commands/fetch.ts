import type { MessageRow } from '../../../storage/port.ts'
import { command } from '../command.ts'
import { answerFetch, needsIndex } from '../fetch/answer.ts'
import { type FetchItem, parseFetchItems } from '../fetch/items.ts'
import { SEEN } from '../flags.ts'
import { PAGE } from '../limits.ts'
import { positionsOf, rowsAt } from '../message-set.ts'
import { readBySeen } from '../retrieval-gate.ts'
import type { Session } from '../session.ts'

/** Messages that are marked \Seen in one write before they are sent. */
const SEEN_BATCH = 20

/** [RFC 9051 §6.4.5] */
export const fetchCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID FETCH' : 'FETCH',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: (cursor) => {
      cursor.space()
      const set = cursor.numberSet()
      cursor.space()
      return { set, items: parseFetchItems(cursor) }
    },
    run: async (session, { set, items }) => {
      const wanted = byUid || session.rev2 ? withItem('UID', items) : items
      const setsSeen = items.some((item) => 'peek' in item && !item.peek) && !isReadOnly(session)
      const positions = positionsOf(session, set, byUid)
      const expected = positions.reduce((sum, [from, to]) => sum + to - from, 0)
      let answered = 0
      for await (const rows of rowsAt(session, positions, setsSeen ? SEEN_BATCH : PAGE)) {
        const changed = setsSeen ? await markSeen(session, rows) : new Map<number, MessageRow>()
        for (const row of rows) {
          const seen = changed.get(row.uid)
          const shown = seen === undefined ? wanted : withItem('FLAGS', wanted)
          if (await answerFetch(session, seen ?? row, shown, byUid ? 'UID FETCH' : 'FETCH')) answered++
          if (needsIndex(items)) await session.slice.breathe()
        }
      }
      return answered < expected ? '[EXPUNGEISSUED] Some messages are gone' : 'FETCH done'
    },
  }),
)

const isReadOnly = (session: Session): boolean => session.box.readOnly || session.closed

const withItem = (kind: 'UID' | 'FLAGS', items: readonly FetchItem[]): readonly FetchItem[] =>
  items.some((item) => item.kind === kind) ? items : [{ kind }, ...items]

/** Rows that were not seen, as they are now. */
async function markSeen(session: Session, rows: readonly MessageRow[]): Promise<Map<number, MessageRow>> {
  const unseen = rows.filter((row) => !row.flags.includes(SEEN))
  if (unseen.length === 0) return new Map()
  for (const row of unseen) await readBySeen(session, row, 'FETCH \\Seen')
  const { changed } = await session.parts.store.mailboxes.store(
    session.box.row.id,
    unseen.map((row) => row.uid),
    { mode: 'add', flags: [SEEN] },
  )
  session.box.told(changed)
  return new Map(changed.map((row) => [row.uid, row]))
}
