import type { MailboxRow } from '../../../storage/port.ts'
import { Holds } from '../../retention/holds.ts'
import { command, oneAstring } from '../command.ts'
import { no } from '../failure.ts'
import { PAGE } from '../limits.ts'
import { recordAct, recordMail } from '../mail-record.ts'
import { forgetKeywords } from '../mailbox-keywords.ts'
import { forgetRecent } from '../recent.ts'
import type { Session } from '../session.ts'

/** Names below stay. The provider's own mailboxes are never deleted. [RFC 9051 §6.3.5] */
export const deleteMailbox = command({
  name: 'DELETE',
  state: 'authenticated',
  sync: 'nothing',
  parse: oneAstring,
  run: async (session, octets) => {
    session.requireWritable()
    session.require('delete')
    const row = await session.mailbox(session.name(octets))
    if (row.fixed) throw no('CANNOT', 'Bu kutu silinemez', 'This mailbox cannot be deleted')
    await deleteRecorded(session, row)
    session.notifications?.changedByUs('mailbox', row.id)
    session.parts.accountHints.tell(session.account)
    await forgetKeywords(session, row)
    await forgetRecent(session.parts.store, row)
    if (session.selected?.row.id === row.id) {
      session.leaveMailbox()
      session.out.untagged('OK [CLOSED] The mailbox is closed')
    } else await session.sync('all')
    return 'DELETE done'
  },
})

/** All that goes with it is recorded by name, also what others bring meanwhile, and what is held meanwhile is kept. */
async function deleteRecorded(session: Session, from: MailboxRow): Promise<void> {
  const { store } = session.parts
  const holds = new Holds(store)
  let known = await holds.stamp()
  let recorded = await recordMessages(session, from, 0)
  await recordAct(session, 'mailbox deleted', { mailbox: from.name })
  for (;;) {
    const uidNext = (await store.mailboxes.head(from.id))?.uidNext
    recorded = await recordMessages(session, from, recorded)
    await session.stillMay('delete')
    const now = await holds.stamp()
    if (now !== known) await keepHeld(session, holds, from)
    else if (await store.mailboxes.delete(from.id, uidNext)) return
    known = now
  }
}

/** Holds that were placed since the first messages were gone through. */
async function keepHeld(session: Session, holds: Holds, from: MailboxRow): Promise<void> {
  for (let last = 0; ; ) {
    const page = await session.parts.store.mailboxes.page(from.id, last, PAGE)
    const final = page.at(-1)
    if (final === undefined) return
    await holds.keepFor(session.account, page)
    last = final.uid
    await session.slice.breathe()
  }
}

/** Of messages with higher UIDs than this; answers the last. */
async function recordMessages(session: Session, from: MailboxRow, after: number): Promise<number> {
  const { mailboxes } = session.parts.store
  for (let last = after; ; ) {
    const page = await mailboxes.page(from.id, last, PAGE)
    const final = page.at(-1)
    if (final === undefined) return last
    await session.stillMay('delete')
    await recordMail(session, 'mail deleted', page, { from })
    last = final.uid
    await session.slice.breathe()
  }
}
