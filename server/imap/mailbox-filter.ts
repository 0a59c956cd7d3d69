import { PIPELINE_ONLY } from '../accounts/standard-mailboxes.ts'
import type { Cursor } from './cursor.ts'
import type { Enabled } from './enabled.ts'
import { bad } from './failure.ts'
import { MAX_MAILBOXES } from './limits.ts'
import { nameFromWire, SEPARATOR } from './mailbox-name.ts'

/** Mailboxes by what they are or are called; asked anew each time, since they come and go. [RFC 5465 §6] [RFC 7377 §2.2] */
export type MailboxFilter =
  | { readonly kind: 'SELECTED' | 'SELECTED-DELAYED' | 'INBOXES' | 'PERSONAL' | 'SUBSCRIBED' }
  | { readonly kind: 'SUBTREE' | 'SUBTREE-ONE' | 'MAILBOXES'; readonly names: ReadonlySet<string> }

const SIMPLE: ReadonlyMap<string, MailboxFilter> = new Map(
  (['SELECTED', 'SELECTED-DELAYED', 'INBOXES', 'PERSONAL', 'SUBSCRIBED'] as const).map((kind) => [
    kind,
    { kind },
  ]),
)
const NAMING = new Map(
  (['SUBTREE', 'SUBTREE-ONE', 'MAILBOXES'] as const).map((kind) => [kind as string, kind] as const),
)

/** Kinds and names in one command: all mailboxes that there may be, and as much again. Each name is decoded at once. */
const MAX_NAMED = 2 * MAX_MAILBOXES

/** How much the filters of one command named so far. */
export interface Named {
  count: number
}

export function parseMailboxFilter(cursor: Cursor, { utf8 }: Enabled, named: Named): MailboxFilter {
  const counted = <T>(item: T): T => {
    if (++named.count > MAX_NAMED) throw bad('There are too many mailboxes')
    return item
  }
  const word = counted(cursor.keyword())
  const simple = SIMPLE.get(word)
  if (simple !== undefined) return simple
  const kind = NAMING.get(word)
  if (kind === undefined) throw bad('There is no such kind of mailboxes')
  cursor.space()
  const octets = cursor.sees('(')
    ? cursor.list(() => counted(cursor.astring()), 'has items')
    : [counted(cursor.astring())]
  return { kind, names: new Set(octets.map((name) => nameFromWire(name, utf8))) }
}

export const meansSelected = ({ kind }: MailboxFilter): boolean =>
  kind === 'SELECTED' || kind === 'SELECTED-DELAYED'

/** Whether a filter means a mailbox of this name; the selected one is nobody's name. */
export function filterMatches(filter: MailboxFilter, name: string, subscribed: ReadonlySet<string>): boolean {
  switch (filter.kind) {
    case 'SELECTED':
    case 'SELECTED-DELAYED':
      return false
    case 'INBOXES':
      return PIPELINE_ONLY.has(name)
    case 'PERSONAL':
      return true
    case 'SUBSCRIBED':
      return subscribed.has(name)
    case 'MAILBOXES':
      return filter.names.has(name)
    case 'SUBTREE':
      for (let level = name; level !== ''; level = parentOf(level)) if (filter.names.has(level)) return true
      return filter.names.has('')
    case 'SUBTREE-ONE':
      return filter.names.has(name) || filter.names.has(parentOf(name))
  }
}

/** '' of a name on the highest level. */
const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf(SEPARATOR)))
