import type { MailboxRow } from '../../storage/port.ts'
import { parentsOf } from './mailbox-name.ts'
import type { Session } from './session.ts'

/** All names of an account: mailboxes, subscriptions, and the levels above them that are neither. */
export interface MailboxTree {
  readonly rows: ReadonlyMap<string, MailboxRow>
  readonly subscribed: ReadonlySet<string>
  /** Names that have a mailbox below them. */
  readonly withChildren: ReadonlySet<string>
  /** Names that have a subscription below them. */
  readonly withSubscribed: ReadonlySet<string>
  /** Everything that LIST may show, INBOX first and then in order. */
  readonly names: readonly string[]
}

export async function readTree(session: Session): Promise<MailboxTree> {
  const { mailboxes } = session.parts.store
  const rows = new Map((await mailboxes.list(session.account)).map((row) => [row.name, row]))
  const subscribed = new Set(await mailboxes.subscriptions(session.account))
  const withChildren = new Set([...rows.keys()].flatMap(parentsOf))
  const withSubscribed = new Set([...subscribed].flatMap(parentsOf))
  const names = new Set([
    'INBOX',
    ...[...rows.keys(), ...subscribed, ...withChildren, ...withSubscribed].sort(),
  ])
  return { rows, subscribed, withChildren, withSubscribed, names: [...names] }
}
