import { HOUSE_PREFIX, isHouseKeyword } from '../../../mail/house-keywords.ts'
import type { FlagChange, MessageRow, Stored } from '../../../storage/port.ts'
import { command } from '../command.ts'
import type { Cursor } from '../cursor.ts'
import { bad, no } from '../failure.ts'
import { flagsResponse, modseqResponse } from '../fetch/response.ts'
import { DELETED, flagsOfStore, keywordsIn, SEEN } from '../flags.ts'
import { MAX_KEYWORDS } from '../limits.ts'
import { admitKeywords } from '../mailbox-keywords.ts'
import { positionsOf, rowsAt, uidsAt } from '../message-set.ts'
import { formatNumbers, type NumberSet } from '../number-set.ts'
import { Progress } from '../progress.ts'
import { readBySeen } from '../retrieval-gate.ts'
import { permittedFlags } from '../rights.ts'
import type { Session } from '../session.ts'

/** Messages changed in one write; the rows that come back are told within a slice of time. */
const BATCH = 400
/** Where no rows come back: so long the writer is busy with them, a hundredth of a second. */
const UNSEEN_BATCH = 2_000

interface StoreArguments {
  readonly set: NumberSet
  readonly change: FlagChange
  readonly silent: boolean
  /** Flags were named that are not theirs to set: keywords of the provider, or \Deleted. */
  readonly passedOver: boolean
}

/** [RFC 9051 §6.4.6] */
export const storeCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID STORE' : 'STORE',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: parseStore,
    run: async (session, asked) => {
      const box = session.writableBox()
      const args = permitted(session, asked)
      const { change } = args
      const deletes = change.flags.includes(DELETED) || (change.mode === 'replace' && session.may('delete'))
      if (change.unchangedSince !== undefined) session.enableCondstore()
      // What others changed is told first, and where they change more meanwhile nothing is silent: .SILENT hides our own change only.
      await session.sync('no-expunge')
      const positions = positionsOf(session, args.set, byUid)
      await prepare(session, args, positions)
      if (change.mode !== 'remove') await admitKeywords(session, box.row, [change.flags])
      const uids = uidsAt(session, positions)
      const refused: number[] = []
      const progress = new Progress(session, uids.length)
      // Without MODSEQ and without searches that are kept up to date, silence needs no rows.
      const unseen = args.silent && !args.passedOver && !session.enabled.condstore && !box.contexts.areAny
      const [wanted, size] = unseen ? [{ ...change, unseen }, UNSEEN_BATCH] : [change, BATCH]
      let found = 0
      const isMuted = session.notifications?.selected.tells === 'nothing'
      let known = box.modseq
      let { silent } = args
      for (let at = 0; at < uids.length; at += size) {
        const batch = uids.slice(at, at + size)
        await session.stillMay(deletes ? 'delete' : 'read')
        const done = await session.parts.store.mailboxes.store(box.row.id, batch, wanted)
        found += done.changed.length + done.refused.length + (done.counted?.messages ?? 0)
        silent &&= done.before === known || isMuted
        known = modseqAfter(done)
        if (silent) box.toldUnseen(done)
        refused.push(...done.refused)
        box.told(done.changed)
        for (const row of done.changed) tell(session, row, { ...args, silent }, byUid)
        await progress.advance(batch.length)
        await session.out.room()
        await session.slice.breathe()
      }
      if (refused.length > 0) return modified(session, refused, byUid)
      return found < uids.length ? '[EXPUNGEISSUED] Some messages are gone' : 'STORE done'
    },
  }),
)

/** Who may not delete neither sets nor clears \Deleted; refused is only who asked for nothing else. [RFC 4314 §4] */
function permitted(session: Session, { change, ...args }: StoreArguments): StoreArguments {
  if (session.may('delete')) return { change, ...args }
  const flags = permittedFlags(session, change.flags)
  const passedOver = flags.length < change.flags.length
  if (passedOver && flags.length === 0 && change.mode !== 'replace') session.require('delete')
  return {
    ...args,
    change: { ...change, flags, kept: [HOUSE_PREFIX, DELETED] },
    passedOver: args.passedOver || passedOver,
  }
}

/** Of the mailbox. */
const modseqAfter = ({ before, counted, changed }: Stored): number =>
  counted?.after ?? changed.reduce((last, { modseq }) => Math.max(last, modseq), before)

/** Who is not told of flags is told of the modseq that they have now, once it asked for any. [RFC 7162 §3.1.3] */
function tell({ out, box, enabled }: Session, row: MessageRow, args: StoreArguments, byUid: boolean): void {
  const silent = args.silent && !differs(row, args)
  if (silent && !enabled.condstore) return
  if (!silent) box.flags.announce(out, row.flags)
  const response = silent ? modseqResponse : flagsResponse
  out.untagged(response(box, row, enabled, byUid ? 'with UID' : 'without UID'))
}

/** Whether the message has other flags now than a client that asked for silence believes. [RFC 9051 §6.4.6] */
const differs = ({ flags }: MessageRow, { change, passedOver }: StoreArguments): boolean =>
  passedOver ||
  (change.mode === 'replace' &&
    flags.some((flag) => isHouseKeyword(flag) || (flag === DELETED && !change.flags.includes(DELETED))))

/** What others changed meanwhile was left as it is. [RFC 7162 §3.1.3] */
function modified({ box }: Session, refused: readonly number[], byUid: boolean): string {
  const numbers = byUid ? refused : refused.map((uid) => box.sequenceOf(uid))
  return `[MODIFIED ${formatNumbers(numbers.toSorted((a, b) => a - b))}] Some messages were changed meanwhile`
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
  const { unchangedSince = Number.POSITIVE_INFINITY } = change
  for await (const rows of rowsAt(session, positions))
    for (const row of rows) {
      if (row.modseq > unchangedSince) continue
      if (keywordsIn(row.flags).length + keywords > MAX_KEYWORDS)
        throw no('LIMIT', 'Iletide cok fazla etiket var', 'The message has too many keywords')
      if (reads) await readBySeen(session, row, 'STORE \\Seen')
    }
}

function parseStore(cursor: Cursor): StoreArguments {
  cursor.space()
  const set = cursor.numberSet()
  cursor.space()
  const unchangedSince = cursor.sees('(') ? parseModifiers(cursor) : undefined
  const mode = cursor.take('+') ? 'add' : cursor.take('-') ? 'remove' : 'replace'
  const item = cursor.keyword()
  if (item !== 'FLAGS' && item !== 'FLAGS.SILENT') throw bad('Only FLAGS can be stored')
  cursor.space()
  const { flags, passedOver } = flagsOfStore(cursor)
  const change: FlagChange = {
    mode,
    flags,
    kept: [HOUSE_PREFIX],
    ...(unchangedSince === undefined ? {} : { unchangedSince }),
  }
  return { set, change, silent: item === 'FLAGS.SILENT', passedOver }
}

/** `(UNCHANGEDSINCE n) `. [RFC 7162 §3.1.3] */
function parseModifiers(cursor: Cursor): number {
  cursor.expect('(UNCHANGEDSINCE ')
  const modseq = cursor.number()
  cursor.expect(') ')
  return modseq
}
