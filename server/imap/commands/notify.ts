import { command } from '../command.ts'
import { filterMatches } from '../mailbox-filter.ts'
import { SEPARATOR } from '../mailbox-name.ts'
import { type EventGroup, parseNotify } from '../notify/event-groups.ts'
import { Notifications } from '../notify/notifications.ts'
import type { Session } from '../session.ts'
import { mailbox } from '../wire-text.ts'

/** From now on the client hears of what it names and of nothing else. [RFC 5465 §3.1] */
export const notify = command({
  name: 'NOTIFY',
  state: 'authenticated',
  sync: 'nothing',
  parse: parseNotify,
  run: async (session, asked) => {
    // What gathered under the old rule belongs to it.
    if (asked !== undefined) await session.sync('all')
    const begun = await Notifications.begin(session, asked?.groups ?? [])
    session.notifications?.stop()
    session.notifications = begun
    if (asked === undefined) return 'NOTIFY done'
    if (asked.groups.some(({ events }) => events.has('MailboxMetadataChange') || begun.wantsServer))
      await session.annotations.begin()
    if (!session.may('read')) await tellNoAccess(session, asked.groups)
    else if (asked.status) await begun.tellStatus()
    await session.sync('all')
    return 'NOTIFY done'
  },
})

/** Mailboxes that are seen and not read: nothing will be told of them. [RFC 5465 §3.1] */
async function tellNoAccess(session: Session, groups: readonly EventGroup[]): Promise<void> {
  const { out, enabled, account, parts } = session
  const { mailboxes } = parts.store
  const subscribed = new Set(await mailboxes.subscriptions(account))
  for (const { name } of await mailboxes.list(account)) {
    await session.slice.breathe()
    if (!groups.some(({ filter }) => filterMatches(filter, name, subscribed))) continue
    out.untagged(`LIST (\\NoAccess) "${SEPARATOR}" ${mailbox(name, enabled.utf8)}`)
    await out.room()
  }
}
