import type { MailboxRow } from '../../../storage/port.ts'
import { parentsOf } from '../mailbox-name.ts'
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

  /**
   * What others changed since the last look: what is gone, then what came or is called otherwise, then subscriptions. With a mailbox
   * that comes or goes the name above it is affected, whether it is one or not; those below a renamed one are not. [RFC 5465 §5.4]
   */
  async look({ parts, account }: Session): Promise<NameChange[]> {
    const { mailboxes } = parts.store
    const [before, subscribedBefore] = [this.rows, this.subscribed]
    // Both are read before either is believed: what is known already is no news, so a failure would swallow it.
    const [rows, subscribed] = [await mailboxes.list(account), await mailboxes.subscriptions(account)]
    this.rows = new Map(rows.map((row) => [row.id, row]))
    this.subscribed = new Set(subscribed)
    const changes: NameChange[] = []
    const affected = new Set<string>()
    const affect = (name: string): void => {
      for (const one of [name, ...parentsOf(name).slice(-1)]) affected.add(one)
    }
    const renamed = new Map<string, string>()
    for (const [id, { name }] of before) if (!this.rows.has(id) && !this.#ownMailboxes.has(id)) affect(name)
    for (const [id, { name }] of this.rows) {
      const oldName = before.get(id)?.name
      if (oldName === name || this.#ownMailboxes.has(id)) continue
      if (oldName === undefined) affect(name)
      else renamed.set(oldName, name)
    }
    for (const name of affected) changes.push({ event: 'MailboxName', name })
    for (const [oldName, name] of renamed)
      if (!parentsOf(oldName).some((above) => wentAlong(oldName, name, above, renamed.get(above))))
        changes.push({ event: 'MailboxName', name, oldName })
    for (const name of new Set([...subscribedBefore, ...this.subscribed]))
      if (subscribedBefore.has(name) !== this.subscribed.has(name) && !this.#ownSubscriptions.has(name))
        changes.push({ event: 'SubscriptionChange', name })
    this.#ownMailboxes.clear()
    this.#ownSubscriptions.clear()
    return changes
  }
}

const wentAlong = (oldName: string, name: string, above: string, nowAbove: string | undefined): boolean =>
  nowAbove !== undefined && name === nowAbove + oldName.slice(above.length)
