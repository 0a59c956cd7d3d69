import { changedSince, tellVanishedEarlier } from '../changes-since.ts'
import { command } from '../command.ts'
import { no } from '../failure.ts'
import { flagsResponse } from '../fetch/response.ts'
import { DELETED, SEEN } from '../flags.ts'
import { PAGE } from '../limits.ts'
import { tellOpened } from '../list-response.ts'
import { keywordsOf } from '../mailbox-keywords.ts'
import { type Positions, positionsOfUids } from '../number-set.ts'
import { mailboxId } from '../object-id.ts'
import { isOverQuota } from '../quota.ts'
import { RecentMessages } from '../recent.ts'
import { type KnownState, parseSelectParameters, type SelectParameters } from '../select-parameters.ts'
import { SelectedMailbox } from '../selected-mailbox.ts'
import type { Session } from '../session.ts'
import { ShownFlags, SYSTEM_FLAGS } from '../shown-flags.ts'

/** [RFC 9051 §6.3.2] [RFC 9051 §6.3.3] */
export const selectCommands = (['SELECT', 'EXAMINE'] as const).map((name) =>
  command({
    name,
    state: 'authenticated',
    sync: 'nothing',
    parse: (cursor, enabled) => {
      cursor.space()
      const octets = cursor.astring()
      return { octets, parameters: parseSelectParameters(cursor, enabled) }
    },
    run: (session, { octets, parameters }) => select(session, octets, parameters, name === 'EXAMINE'),
  }),
)

async function select(
  session: Session,
  octets: string,
  { condstore, known }: SelectParameters,
  examine: boolean,
): Promise<string> {
  if (session.selected !== undefined) {
    session.leaveMailbox()
    session.out.untagged('OK [CLOSED] The previous mailbox is closed')
  }
  session.require('read')
  if (condstore) session.enableCondstore()
  const row = await session.mailbox(session.name(octets))
  const readOnly = examine || session.closed
  const flags = new ShownFlags(readOnly ? undefined : permanentFlags(session), await keywordsOf(session, row))
  const opened = await SelectedMailbox.open(session.parts, row, readOnly, {
    flags,
    recent: new RecentMessages(
      session.parts.store,
      row,
      session.enabled.rev2 ? 'never' : readOnly ? 'looks' : 'claims',
    ),
  })
  if (opened === undefined) throw no('NONEXISTENT', 'Boyle bir kutu yok', 'There is no such mailbox')
  const { selected, uidNext, unseen } = opened
  session.selected = selected
  const { out } = session
  selected.flags.tell(out)
  if (readOnly) out.untagged('OK [PERMANENTFLAGS ()] Nothing can be changed')
  out.untagged(`${selected.uids.length} EXISTS`)
  selected.tellRecent(out)
  if (!session.enabled.rev2 && !session.enabled.uidOnly && unseen > 0)
    await tellFirstUnseen(session, selected)
  out.untagged(`OK [UIDVALIDITY ${row.uidValidity}] UIDs hold`)
  out.untagged(`OK [UIDNEXT ${uidNext}] The next UID`)
  out.untagged(`OK [HIGHESTMODSEQ ${selected.modseq}] The last change`)
  out.untagged(`OK [MAILBOXID (${mailboxId(row)})] The mailbox itself`)
  if (session.enabled.rev2) await tellOpened(session, row, octets)
  // What is delivered still comes; the client is told why it can put nothing there. [RFC 9208 §4.3.1]
  if (await isOverQuota(session)) out.untagged('NO [OVERQUOTA] Kota doldu / The quota is used up')
  if (known?.uidValidity === row.uidValidity) await tellMissed(session, known)
  return readOnly ? '[READ-ONLY] Opened to read' : '[READ-WRITE] Opened'
}

/** So many rows are looked at: who has read more asks by SEARCH, as everybody may. */
const LOOKED_AT = 1_000

/** Which message one reads next; where it is not told the client may assume nothing. [RFC 3501 §6.3.1] */
async function tellFirstUnseen({ parts, out, slice }: Session, box: SelectedMailbox): Promise<void> {
  for (let [last, looked] = [0, 0]; looked < LOOKED_AT; looked += PAGE) {
    const page = await parts.store.mailboxes.page(box.row.id, last, PAGE)
    const unseen = page.find(({ uid, flags }) => box.sequenceOf(uid) > 0 && !flags.includes(SEEN))
    if (unseen !== undefined) {
      out.untagged(`OK [UNSEEN ${box.sequenceOf(unseen.uid)}] The first that is unseen`)
      return
    }
    last = page.at(-1)?.uid ?? 0
    if (last === 0) return
    await slice.breathe()
  }
}

/** What changed while the client was away; what it never knew is EXISTS. [RFC 7162 §3.2.5] */
async function tellMissed(session: Session, { modseq, uids }: KnownState): Promise<void> {
  const { box, out, enabled } = session
  await tellVanishedEarlier(session, uids, modseq)
  const positions: Positions = uids === undefined ? [[0, box.uids.length]] : positionsOfUids(uids, box.uids)
  for await (const rows of changedSince(session, positions, modseq)) {
    for (const row of rows) {
      box.flags.announce(out, row.flags)
      out.untagged(flagsResponse(box, row, enabled, 'with UID'))
    }
    await out.room()
  }
}

const permanentFlags = (session: Session): string =>
  session.may('delete') ? SYSTEM_FLAGS : SYSTEM_FLAGS.replace(`${DELETED} `, '')
