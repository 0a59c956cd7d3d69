import type { FlagChange, MessageRow } from '../../../storage/port.ts'
import { command } from '../command.ts'
import type { Cursor } from '../cursor.ts'
import { bad, no } from '../failure.ts'
import { DELETED, flagsOfStore, keywordsIn, SEEN } from '../flags.ts'
import { MAX_KEYWORDS } from '../limits.ts'
import { positionsOf, rowsAt, uidsAt } from '../message-set.ts'
import type { NumberSet } from '../number-set.ts'
import { readBySeen } from '../retrieval-gate.ts'
import type { Session } from '../session.ts'

/** Messages changed in one write; the rows that come back are told within a slice of time. */
const BATCH = 400

interface StoreArguments {
  readonly set: NumberSet
  readonly change: FlagChange
  readonly silent: boolean
}

/** [RFC 9051 §6.4.6] */
export const storeCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID STORE' : 'STORE',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: parseStore,
    run: async (session, args) => {
      const { change } = args
      const box = session.writableBox()
      if (change.flags.includes(DELETED) && change.mode !== 'remove') session.require('delete')
      // What others changed is told first, so that .SILENT hides nothing but our own change.
      await session.sync('no-expunge')
      const positions = positionsOf(session, args.set, byUid)
      await prepare(session, args, positions)
      const uids = uidsAt(session, positions)
      let found = 0
      for (let at = 0; at < uids.length; at += BATCH) {
        const batch = uids.slice(at, at + BATCH)
        const { changed } = await session.parts.store.mailboxes.store(box.row.id, batch, change)
        found += changed.length
        box.told(changed)
        if (!args.silent) for (const row of changed) tell(session, row, byUid)
        await session.out.room()
        await session.slice.breathe()
      }
      return found < uids.length ? '[EXPUNGEISSUED] Some messages are gone' : 'STORE done'
    },
  }),
)

function tell(session: Session, row: MessageRow, byUid: boolean): void {
  const uid = byUid || session.rev2 ? `UID ${row.uid} ` : ''
  session.out.untagged(`${session.box.sequenceOf(row.uid)} FETCH (${uid}FLAGS (${row.flags.join(' ')}))`)
}

/** Looks at the rows only where their state decides: keywords are bounded, and \Seen may be a reading. */
async function prepare(
  session: Session,
  { change }: StoreArguments,
  positions: ReturnType<typeof positionsOf>,
): Promise<void> {
  const keywords = change.mode === 'add' ? keywordsIn(change.flags).length : 0
  const reads =
    session.parts.retrievals.rule === 'seen' && change.mode !== 'remove' && change.flags.includes(SEEN)
  if (keywords === 0 && !reads) return
  for await (const rows of rowsAt(session, positions))
    for (const row of rows) {
      if (keywordsIn(row.flags).length + keywords > MAX_KEYWORDS)
        throw no('LIMIT', 'The message has too many keywords')
      if (reads) await readBySeen(session, row, 'STORE \\Seen')
    }
}

function parseStore(cursor: Cursor): StoreArguments {
  cursor.space()
  const set = cursor.numberSet()
  cursor.space()
  const mode = cursor.take('+') ? 'add' : cursor.take('-') ? 'remove' : 'replace'
  const item = cursor.keyword()
  if (item !== 'FLAGS' && item !== 'FLAGS.SILENT') throw bad('Only FLAGS can be stored')
  cursor.space()
  return { set, change: { mode, flags: flagsOfStore(cursor) }, silent: item === 'FLAGS.SILENT' }
}
