import { command, oneAstring } from '../command.ts'
import { no } from '../failure.ts'
import { MAX_MAILBOXES } from '../limits.ts'

/** Subscriptions outlive their mailboxes. [RFC 9051 §6.3.7] [RFC 9051 §6.3.8] */
export const subscribeCommands = (['SUBSCRIBE', 'UNSUBSCRIBE'] as const).map((name) =>
  command({
    name,
    state: 'authenticated',
    sync: 'all',
    parse: oneAstring,
    run: async (session, octets) => {
      session.requireWritable()
      const { mailboxes } = session.parts.store
      const box = session.name(octets)
      if (name === 'SUBSCRIBE') {
        await session.mailbox(box)
        if ((await mailboxes.subscriptions(session.account)).length >= MAX_MAILBOXES)
          throw no('LIMIT', 'Cok fazla abonelik', 'There are too many subscriptions')
      }
      await mailboxes.subscribe(session.account, box, name === 'SUBSCRIBE')
      session.notifications?.changedByUs('subscription', box)
      session.parts.accountHints.tell(session.account)
      return `${name} done`
    },
  }),
)
