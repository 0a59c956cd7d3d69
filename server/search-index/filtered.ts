import { setImmediate as turn } from 'node:timers/promises'
import type { MailboxStore } from '../../storage/port.ts'

/** Messages of which it is asked at once. */
const LOOKED_AT = 500

/** How many messages of an account have a text filter, and how many there are. */
export async function filteredOf(
  mailboxes: MailboxStore,
  account: string,
): Promise<{ filtered: number; messages: number }> {
  let [messages, without] = [0, 0]
  for (const { id } of await mailboxes.list(account)) {
    messages += (await mailboxes.head(id))?.exists ?? 0
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { uids, next }: { uids: readonly number[]; next: number | undefined } =
        await mailboxes.withoutTextFilter(id, after, LOOKED_AT)
      without += uids.length
      after = next
      await turn()
    }
  }
  return { filtered: Math.max(0, messages - without), messages }
}
