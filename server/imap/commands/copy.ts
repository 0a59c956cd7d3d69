import type { CopyResult, MailboxRow } from '../../../storage/port.ts'
import { onTheWay } from '../came-from.ts'
import { command } from '../command.ts'
import { DELETED } from '../flags.ts'
import { recordMail } from '../mail-record.ts'
import { requireSpace } from '../quota.ts'
import type { Session } from '../session.ts'
import { copyUid, inBatches, parseTransfer, prepareTransfer } from '../transfer.ts'

/** Origin and delivery go along, so a copy is read when the message is read. [RFC 9051 §6.4.7] */
export const copyCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID COPY' : 'COPY',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: parseTransfer,
    run: async (session, args) => {
      const { target, uids, rows, octets } = await prepareTransfer(session, args, byUid)
      await requireSpace(session, target, octets)
      await recordMail(session, 'mail copied', rows, { to: target })
      const { store, clock } = session.parts
      const now = clock.now().getTime()
      const from = session.box.row
      const { lost, gained } = onTheWay(from, target)
      // Who may not delete makes no copy that is. [RFC 4314 §4]
      const change = { lost: session.may('delete') ? lost : [...lost, DELETED], gained }
      const result = await inBatches(session, { target, uids }, (batch) =>
        store.mailboxes.copy(from.id, batch, target.id, now, change),
      )
      if ('failure' in result) {
        await removeCopies(session, target, result)
        throw result.failure
      }
      session.box.brought(
        target,
        result.pairs.map(([, to]) => to),
      )
      const code = copyUid(result)
      return code === undefined ? 'Nothing to copy' : `[${code}] COPY done`
    },
  }),
)

/** All or none: the mailbox is as it was before. [RFC 9051 §6.4.7] */
async function removeCopies(session: Session, target: MailboxRow, { pairs }: CopyResult): Promise<void> {
  const { mailboxes } = session.parts.store
  const copies = pairs.map(([, to]) => to)
  await mailboxes.store(target.id, copies, { mode: 'add', flags: [DELETED], unseen: true })
  await mailboxes.expunge(target.id, copies)
}
