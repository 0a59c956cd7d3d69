import { onTheWay } from '../came-from.ts'
import { command } from '../command.ts'
import { recordMail } from '../mail-record.ts'
import { requireSpace, rootsOf } from '../quota.ts'
import { copyUid, inBatches, octetsOf, parseTransfer, prepareTransfer } from '../transfer.ts'

/** A message is never in both mailboxes or in none; where not all can go some may have gone. [RFC 9051 §6.4.8] [RFC 6851 §3.1] */
export const moveCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID MOVE' : 'MOVE',
    state: 'selected',
    sync: 'all',
    parse: parseTransfer,
    run: async (session, args) => {
      const box = session.writableBox()
      const transfer = await prepareTransfer(session, args, byUid)
      const { target, rows } = transfer
      const takesSpace = rootsOf(box.row).length === 0
      if (takesSpace) await requireSpace(session, target, octetsOf(rows))
      const { store, clock } = session.parts
      const now = clock.now().getTime()
      const change = onTheWay(box.row, target)
      const result = await inBatches(session, transfer, async (uids, batch) => {
        if (takesSpace) await requireSpace(session, target, octetsOf(batch))
        await recordMail(session, 'mail moved', batch, { from: box.row, to: target })
        return store.mailboxes.move(box.row.id, uids, target.id, now, change)
      })
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
