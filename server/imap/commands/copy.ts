import type { CopyResult, MailboxRow } from '../../../storage/port.ts'
import { onTheWay } from '../came-from.ts'
import { command } from '../command.ts'
import { DELETED } from '../flags.ts'
import { recordMail, recordUndone } from '../mail-record.ts'
import { requireSpace } from '../quota.ts'
import type { Session } from '../session.ts'
import { BATCH, copyUid, inBatches, octetsOf, parseTransfer, prepareTransfer } from '../transfer.ts'

/** Origin and delivery go along, so a copy is read when the message is read. [RFC 9051 §6.4.7] */
export const copyCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID COPY' : 'COPY',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: parseTransfer,
    run: async (session, args) => {
      const { box } = session
      const transfer = await prepareTransfer(session, args, byUid)
      const { target, rows } = transfer
      await requireSpace(session, target, octetsOf(rows))
      const { store, clock } = session.parts
      const now = clock.now().getTime()
      const { lost, gained } = onTheWay(box.row, target)
      // Who may not delete makes no copy that is. [RFC 4314 §4]
      const change = { lost: session.may('delete') ? lost : [...lost, DELETED], gained }
      const result = await inBatches(session, transfer, async (uids, batch) => {
        // Others fill it meanwhile.
        await requireSpace(session, target, octetsOf(batch))
        await recordMail(session, 'mail copied', batch, { from: box.row, to: target })
        return store.mailboxes.copy(box.row.id, uids, target.id, now, change)
      })
      if ('failure' in result) {
        await removeCopies(session, target, result)
        throw result.failure
      }
      box.brought(
        target,
        result.pairs.map(([, to]) => to),
      )
      const code = copyUid(result)
      return code === undefined ? 'Nothing to copy' : `[${code}] COPY done`
    },
  }),
)

/** All or none: the mailbox is as it was before, but for copies that another session took elsewhere. [RFC 9051 §6.4.7] */
async function removeCopies(session: Session, target: MailboxRow, { pairs }: CopyResult): Promise<void> {
  const { mailboxes } = session.parts.store
  for (let at = 0; at < pairs.length; at += BATCH) {
    const copies = pairs.slice(at, at + BATCH).map(([, to]) => to)
    await mailboxes.store(target.id, copies, { mode: 'add', flags: [DELETED], unseen: true })
    await recordUndone(session, target, await mailboxes.expunge(target.id, copies))
    await session.slice.breathe()
  }
}
