import type { MailboxRow } from '../../../storage/port.ts'
import type { Session } from '../session.ts'

/** One name of which something changed. */
export interface NameChange {
  readonly event: 'MailboxName' | 'SubscriptionChange'
  readonly name: string
  /** What it was called before. */
  readonly oldName?: string
}

/** The mailboxes and subscriptions of an account as a session knows them. */
export class KnownMailboxes {
  /** By their ids. */
  rows: ReadonlyMap<string, MailboxRow> = new Map()
  subscribed: ReadonlySet<string> = new Set()
  /** What this session changed itself is no news to its client. */
  readonly #ownMailboxes = new Set<string>()
  readonly #ownSubscriptions = new Set<string>()

  /** @param key the mailbox's id, the subscription's name */
  changedByUs(kind: 'mailbox' | 'subscription', key: string): void {
    if (kind === 'mailbox') this.#ownMailboxes.add(key)
    else this.#ownSubscriptions.add(key)
  }

  /** What others changed since the last look: what is gone, then what came or is called otherwise, then subscriptions. */
  async look({ parts, account }: Session): Promise<NameChange[]> {
    const { mailboxes } = parts.store
    const [before, subscribedBefore] = [this.rows, this.subscribed]
    // Both are read before either is believed: what is known already is no news, so a failure would swallow it.
    const [rows, subscribed] = [await mailboxes.list(account), await mailboxes.subscriptions(account)]
    this.rows = new Map(rows.map((row) => [row.id, row]))
    this.subscribed = new Set(subscribed)
    const changes: NameChange[] = []
    for (const [id, { name }] of before)
      if (!this.rows.has(id) && !this.#ownMailboxes.has(id)) changes.push({ event: 'MailboxName', name })
    for (const [id, { name }] of this.rows) {
      const oldName = before.get(id)?.name
      if (oldName === name || this.#ownMailboxes.has(id)) continue
      changes.push({ event: 'MailboxName', name, ...(oldName === undefined ? {} : { oldName }) })
    }
    for (const name of new Set([...subscribedBefore, ...this.subscribed]))
      if (subscribedBefore.has(name) !== this.subscribed.has(name) && !this.#ownSubscriptions.has(name))
        changes.push({ event: 'SubscriptionChange', name })
    this.#ownMailboxes.clear()
    this.#ownSubscriptions.clear()
    return changes
  }
}
