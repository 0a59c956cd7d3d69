import { command } from '../command.ts'
import { no } from '../failure.ts'
import { recordAct } from '../mail-record.ts'

/** Names below stay. The provider's own mailboxes are never deleted. [RFC 9051 §6.3.5] */
export const deleteMailbox = command({
  name: 'DELETE',
  state: 'authenticated',
  sync: 'nothing',
  parse: (cursor) => {
    cursor.space()
    return cursor.astring()
  },
  run: async (session, octets) => {
    session.requireWritable()
    session.require('delete')
    const row = await session.mailbox(session.name(octets))
    if (row.fixed) throw no('CANNOT', 'Bu kutu silinemez / This mailbox cannot be deleted')
    await recordAct(session, 'mailbox deleted', { mailbox: row.name })
    await session.parts.store.mailboxes.delete(row.id)
    if (session.selected?.row.id === row.id) {
      session.leaveMailbox()
      session.out.untagged('OK [CLOSED] The mailbox is closed')
    } else await session.sync('all')
    return 'DELETE done'
  },
})
