import { settlePlaces } from '../came-from.ts'
import { command } from '../command.ts'
import { recordMail } from '../mail-record.ts'
import { requireSpace } from '../quota.ts'
import { copyUid, parseTransfer, prepareTransfer } from '../transfer.ts'

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
      const flags = session.may('delete') ? undefined : 'undeleted'
      const result = await store.mailboxes.copy(from.id, uids, target.id, now, flags)
      session.box.brought(
        target,
        result.pairs.map(([, to]) => to),
      )
      await settlePlaces(session, from, target, { rows, pairs: result.pairs, moved: false })
      const code = copyUid(result)
      return code === undefined ? 'Nothing to copy' : `[${code}] COPY done`
    },
  }),
)
