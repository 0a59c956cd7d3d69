import type { Cursor } from '../cursor.ts'
import type { Enabled } from '../enabled.ts'
import { bad, no } from '../failure.ts'
import { type FetchItem, parseFetchItems } from '../fetch/items.ts'
import {
  filterMatches,
  type MailboxFilter,
  meansSelected,
  type Named,
  parseMailboxFilter,
} from '../mailbox-filter.ts'

/** As BADEVENT names them; there are no annotations of messages here. [RFC 5465 §5] */
const EVENTS = [
  'MessageNew',
  'MessageExpunge',
  'FlagChange',
  'MailboxName',
  'SubscriptionChange',
  'MailboxMetadataChange',
  'ServerMetadataChange',
] as const

export type NotifyEvent = (typeof EVENTS)[number]

const BY_WORD: ReadonlyMap<string, NotifyEvent> = new Map(EVENTS.map((event) => [event.toUpperCase(), event]))
const OF_MESSAGES: ReadonlySet<NotifyEvent> = new Set(['MessageNew', 'MessageExpunge', 'FlagChange'])

/** Nobody tells more kinds of mailboxes apart; each is looked at for each mailbox. */
const MAX_GROUPS = 50

/** What the client wants to hear of which mailboxes. */
export interface EventGroup {
  readonly filter: MailboxFilter
  /** None: of these it wants to hear nothing, whatever later groups say. */
  readonly events: ReadonlySet<NotifyEvent>
  /** Of MessageNew in the selected mailbox. */
  readonly fetched: readonly FetchItem[]
}

/** `NONE`, or `SET [STATUS] (mailboxes events) …`; undefined for the former. [RFC 5465 §8] */
export function parseNotify(
  cursor: Cursor,
  enabled: Enabled,
): { groups: readonly EventGroup[]; status: boolean } | undefined {
  cursor.space()
  const word = cursor.keyword()
  if (word === 'NONE') return undefined
  if (word !== 'SET') throw bad('NOTIFY is SET or NONE')
  const status = cursor.take(' STATUS')
  const unknown: string[] = []
  const named = { count: 0 }
  const groups: EventGroup[] = []
  do {
    cursor.space()
    groups.push(eventGroup(cursor, enabled, { unknown, named }))
  } while (!cursor.done)
  if (groups.filter(({ filter }) => meansSelected(filter)).length > 1)
    throw bad('The selected mailbox stands twice')
  if (unknown.length > 0)
    throw no(`BADEVENT (${EVENTS.join(' ')})`, 'Boyle bir olay burada yok', 'There is no such event here')
  if (groups.length > MAX_GROUPS)
    throw no('NOTIFICATIONOVERFLOW', 'Cok fazla kutu cesidi', 'There are too many kinds of mailboxes')
  return { groups, status }
}

function eventGroup(
  cursor: Cursor,
  enabled: Enabled,
  { unknown, named }: { readonly unknown: string[]; readonly named: Named },
): EventGroup {
  cursor.expect('(')
  const filter = parseMailboxFilter(cursor, enabled, named)
  cursor.space()
  const events = new Set<NotifyEvent>()
  let fetched: readonly FetchItem[] = []
  if (!cursor.take('NONE'))
    cursor.list(() => {
      const word = cursor.keyword()
      const event = BY_WORD.get(word)
      if (event === undefined) unknown.push(word)
      else events.add(event)
      if (event !== 'MessageNew' || !cursor.sees(' (')) return
      if (!meansSelected(filter)) throw bad('Only messages of the selected mailbox can be fetched')
      cursor.space()
      fetched = parseFetchItems(cursor)
    }, 'has items')
  cursor.expect(')')
  check(filter, events, unknown)
  return { filter, events, fetched }
}

function check(filter: MailboxFilter, events: ReadonlySet<NotifyEvent>, unknown: readonly string[]): void {
  const isNew = events.has('MessageNew')
  if (isNew !== events.has('MessageExpunge')) throw bad('MessageNew and MessageExpunge go together')
  const isAnnotation = unknown.includes('ANNOTATIONCHANGE')
  if (!isNew && (events.has('FlagChange') || isAnnotation))
    throw bad('FlagChange and AnnotationChange need MessageNew')
  if (meansSelected(filter) && [...events].some((event) => !OF_MESSAGES.has(event)))
    throw bad('Of the selected mailbox there are events of messages only')
}

/** Whether the client wants to hear this of a mailbox; of the selected one its messages are another matter. [RFC 5465 §6] */
export function wants(
  groups: readonly EventGroup[],
  event: NotifyEvent,
  name: string,
  subscribed: ReadonlySet<string>,
): boolean {
  for (const { filter, events } of groups) {
    if (!filterMatches(filter, name, subscribed)) continue
    if (events.size === 0) return false
    if (events.has(event)) return true
  }
  return false
}
