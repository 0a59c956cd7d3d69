import { onTheWay } from '../came-from.ts'
import { command } from '../command.ts'
import { recordMail } from '../mail-record.ts'
import { requireSpace, rootsOf } from '../quota.ts'
import { copyUid, inBatches, parseTransfer, prepareTransfer } from '../transfer.ts'

/** A message is never in both mailboxes or in none; where not all can go some may have gone. [RFC 9051 §6.4.8] [RFC 6851 §3.1] */
export const moveCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID MOVE' : 'MOVE',
    state: 'selected',
    sync: 'all',
    parse: parseTransfer,
    run: async (session, args) => {
      const box = session.writableBox()
      const { target, uids, rows, octets } = await prepareTransfer(session, args, byUid)
      if (rootsOf(box.row).length === 0) await requireSpace(session, target, octets)
      await recordMail(session, 'mail moved', rows, { to: target })
      const { store, clock } = session.parts
      const now = clock.now().getTime()
      const change = onTheWay(box.row, target)
      const result = await inBatches(session, { target, uids }, (batch) =>
        store.mailboxes.move(box.row.id, batch, target.id, now, change),
      )
      box.removed(result.pairs.map(([from]) => from))
      box.brought(
        target,
        result.pairs.map(([, to]) => to),
      )
      const code = copyUid(result)
      // Before the EXPUNGE responses, so that the client knows where they went. [RFC 6851 §4.3]
      if (code !== undefined) session.out.untagged(`OK [${code}] Moved`)
      if ('failure' in result) throw result.failure
      return 'MOVE done'
    },
  }),
)
