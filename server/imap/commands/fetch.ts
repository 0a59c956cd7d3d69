import type { MessageRow } from '../../../storage/port.ts'
import { changedSince, tellVanishedEarlier } from '../changes-since.ts'
import { command } from '../command.ts'
import { bad } from '../failure.ts'
import { answerFetch, needsIndex, refuseUnknownEncodings } from '../fetch/answer.ts'
import { areAtHand, needGlance, needRow, responseAtHand } from '../fetch/at-hand.ts'
import { type FetchItem, itemsOfUidFetch, parseFetchItems } from '../fetch/items.ts'
import { type FetchModifiers, parseFetchModifiers } from '../fetch/modifiers.ts'
import { SEEN } from '../flags.ts'
import { PAGE } from '../limits.ts'
import { marksAt, positionsOf, rowsAt } from '../message-set.ts'
import { countOf, type NumberSet, type Positions } from '../number-set.ts'
import { partOf } from '../partial-range.ts'
import { readBySeen } from '../retrieval-gate.ts'
import type { Session } from '../session.ts'

/** Messages that are marked \Seen in one write before they are sent; where that is the reading (`seen`), each by itself. */
const SEEN_BATCH = 20

interface FetchArguments {
  readonly set: NumberSet
  readonly items: readonly FetchItem[]
  readonly modifiers: FetchModifiers
}

/** [RFC 9051 §6.4.5] */
export const fetchCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID FETCH' : 'FETCH',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: (cursor): FetchArguments => {
      cursor.space()
      const set = cursor.numberSet()
      cursor.space()
      const items = parseFetchItems(cursor)
      return { set, items, modifiers: parseFetchModifiers(cursor, byUid) }
    },
    run: (session, args) => fetch(session, args, byUid),
  }),
)

async function fetch(session: Session, args: FetchArguments, byUid: boolean): Promise<string> {
  const name = byUid ? 'UID FETCH' : 'FETCH'
  const { items, modifiers } = args
  const since = modifiers.changedSince
  if (modifiers.vanished && !session.enabled.qresync) throw bad('VANISHED needs ENABLE QRESYNC')
  if (since !== undefined || items.some(({ kind }) => kind === 'MODSEQ')) session.enableCondstore()
  const setsSeen = items.some((item) => 'peek' in item && !item.peek) && !isReadOnly(session)
  const seenBatch = session.parts.retrievals.rule === 'seen' ? 1 : SEEN_BATCH
  const pageSize = setsSeen ? seenBatch : PAGE
  const named = positionsOf(session, args.set, byUid)
  const positions = modifiers.partial === undefined ? named : partOf(named, modifiers.partial)
  if (modifiers.vanished && since !== undefined) await tellVanishedEarlier(session, args.set, since)
  const expected = countOf(positions)
  const wanted = itemsToTell(session, args, byUid)
  if (since === undefined && areAtHand(wanted)) {
    const count = await answerAtHand(session, positions, wanted, name)
    return count < expected ? GONE : 'FETCH done'
  }
  let answered = 0
  for await (const rows of since === undefined
    ? rowsAt(session, positions, pageSize)
    : changedSince(session, positions, since, pageSize)) {
    await session.refresh()
    session.require('read')
    if (setsSeen) for (const row of rows) await refuseUnknownEncodings(session, row, wanted)
    const changed = setsSeen ? await markSeen(session, rows) : new Map<number, MessageRow>()
    for (const row of rows) {
      const seen = changed.get(row.uid)
      const shown = seen === undefined ? wanted : withChange(session, wanted)
      if (await answerFetch(session, seen ?? row, shown, name)) answered++
      if (seen !== undefined) session.box.told([seen])
      if (needsIndex(items)) await session.slice.breathe()
    }
  }
  return since === undefined && answered < expected ? GONE : 'FETCH done'
}

const GONE = '[EXPUNGEISSUED] Some messages are gone'

/** Messages that are answered before time is looked at again. */
const AT_ONCE = 50

/** How many of them are there still. */
async function answerAtHand(
  session: Session,
  positions: Positions,
  items: readonly FetchItem[],
  command: string,
): Promise<number> {
  const { box, out, parts, slice } = session
  const { mailboxes } = parts.store
  let answered = 0
  for await (const rows of needRow(items) ? rowsAt(session, positions) : marksAt(session, positions)) {
    const uids = rows.map(({ uid }) => uid)
    const indexes = needGlance(items) ? await mailboxes.indexes(box.row.id, uids) : undefined
    for (const row of rows) {
      const index = indexes?.get(row.uid)
      if (indexes !== undefined && index === undefined) continue
      const response = responseAtHand(session, row, items, index)
      if (response !== undefined) out.raw(response)
      else if (!(await workOut(session, row.uid, items, command))) continue
      if (out.isFull) await out.flush()
      if (++answered % AT_ONCE === 0) await slice.breathe()
    }
  }
  return answered
}

/** Of what is not kept; false where the message is gone. */
async function workOut(
  session: Session,
  uid: number,
  items: readonly FetchItem[],
  command: string,
): Promise<boolean> {
  const [row] = await session.parts.store.mailboxes.rows(session.box.row.id, [uid])
  return row !== undefined && (await answerFetch(session, row, items, command))
}

const isReadOnly = (session: Session): boolean => session.box.readOnly || session.closed

function itemsToTell(session: Session, args: FetchArguments, byUid: boolean): readonly FetchItem[] {
  const { enabled } = session
  const items = enabled.uidOnly ? itemsOfUidFetch(args.items) : args.items
  const withUid = !enabled.uidOnly && (byUid || enabled.rev2) ? withItem('UID', items) : items
  return args.modifiers.changedSince === undefined ? withUid : withItem('MODSEQ', withUid)
}

/** What marking a message \Seen changed is told with it. */
function withChange(session: Session, items: readonly FetchItem[]): readonly FetchItem[] {
  const told = withItem('FLAGS', items)
  return session.enabled.condstore ? withItem('MODSEQ', told) : told
}

const names = (items: readonly FetchItem[], wanted: FetchItem['kind']): boolean =>
  items.some(({ kind }) => kind === wanted)

const withItem = (kind: 'UID' | 'FLAGS' | 'MODSEQ', items: readonly FetchItem[]): readonly FetchItem[] =>
  names(items, kind) ? items : [{ kind }, ...items]

/** Rows that were not seen, as they are now; the client learns it with what it asked for. */
async function markSeen(session: Session, rows: readonly MessageRow[]): Promise<Map<number, MessageRow>> {
  const unseen = rows.filter((row) => !row.flags.includes(SEEN))
  if (unseen.length === 0) return new Map()
  for (const row of unseen) await readBySeen(session, row, 'FETCH \\Seen')
  const { changed } = await session.parts.store.mailboxes.store(
    session.box.row.id,
    unseen.map((row) => row.uid),
    { mode: 'add', flags: [SEEN] },
  )
  return new Map(changed.map((row) => [row.uid, row]))
}
