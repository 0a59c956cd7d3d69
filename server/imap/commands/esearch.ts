import type { MailboxRow } from '../../../storage/port.ts'
import { command } from '../command.ts'
import type { Cursor } from '../cursor.ts'
import type { Enabled } from '../enabled.ts'
import { bad } from '../failure.ts'
import { uidsOf } from '../known-uids.ts'
import { filterMatches, type MailboxFilter, meansSelected, parseMailboxFilter } from '../mailbox-filter.ts'
import { Progress } from '../progress.ts'
import { RecentMessages } from '../recent.ts'
import { refuseUpdate } from '../search/contexts.ts'
import { find } from '../search/found.ts'
import type { SearchedMailbox } from '../search/glance.ts'
import { namesSelected, parsedOrRefused, parseSearchProgram, type SearchProgram } from '../search/keys.ts'
import {
  ALL,
  keepUpToDate,
  parseResultOptions,
  programOf,
  type ResultOptions,
  requireFreeTag,
  saveFound,
  tellFound,
} from '../search/result-options.ts'
import type { Session } from '../session.ts'
import { UidList } from '../uid-list.ts'
import { mailbox } from '../wire-text.ts'

interface SearchOfMailboxes {
  readonly filters: readonly MailboxFilter[]
  readonly options: ResultOptions
  readonly program: () => SearchProgram
}

/** Searches in several mailboxes and opens none of them; one answer for each in which something is found. [RFC 7377 §2] */
export const esearch = command({
  name: 'ESEARCH',
  state: 'authenticated',
  sync: 'no-expunge',
  parse: (cursor, enabled): SearchOfMailboxes => {
    cursor.space()
    const filters = parseSource(cursor, enabled)
    const options = parseResultOptions(cursor) ?? ALL
    const areSeveral = !filters.every(meansSelected)
    if (areSeveral && options.names.has('SAVE'))
      throw bad('What is found in several mailboxes cannot be saved')
    const program = parsedOrRefused(cursor, () => {
      const parsed = parseSearchProgram(cursor, enabled)
      if (areSeveral && namesSelected(parsed.key)) throw bad('Messages of several mailboxes are named by UID')
      return parsed
    })
    return { filters, options, program }
  },
  run: async (session, { filters, options, program }) => {
    const { key, modseq } = programOf(session, options, program)
    session.require('read')
    const asksSelected = filters.some(meansSelected)
    const updates = options.names.has('UPDATE')
    if ((asksSelected || updates) && session.selected === undefined) throw bad('Select a mailbox first')
    // Only what is found in the selected mailbox is kept up to date. [RFC 7377 §2.2]
    if (updates && asksSelected) requireFreeTag(session)
    else if (updates) refuseUpdate(session.out, session.tag)
    if (modseq) session.enableCondstore()
    const saves = options.names.has('SAVE')
    if (saves) session.savedSearch = new Uint32Array(0)
    const progress = new Progress(session, undefined)
    for await (const box of mailboxesOf(session, filters)) {
      const heldBack = updates && box === session.selected ? new Set<number>() : undefined
      const found = await find(session, key, { box, told: progress, heldBack })
      if (heldBack !== undefined)
        keepUpToDate(session, options, { byUid: true, key, sort: undefined }, found, heldBack)
      if (saves) saveFound(session, options, found)
      if (found.length === 0) continue
      const place = ` MAILBOX ${mailbox(box.row.name, session.enabled.utf8)} UIDVALIDITY ${box.row.uidValidity}`
      tellFound(session, options, found, { word: 'SEARCH', byUid: true, modseq, place })
      await session.out.room()
    }
    return 'ESEARCH done'
  },
})

/** Each is asked of every mailbox; names may be many in one. */
const MAX_FILTERS = 50

/** `IN (mailboxes …) `; the selected mailbox where nothing is said. No scope option is known. [RFC 7377 §2.2] */
function parseSource(cursor: Cursor, enabled: Enabled): readonly MailboxFilter[] {
  if (!cursor.take('IN (')) return [{ kind: 'SELECTED' }]
  const filters: MailboxFilter[] = []
  const named = { count: 0 }
  do filters.push(parseMailboxFilter(cursor, enabled, named))
  while (cursor.take(' '))
  if (filters.length > MAX_FILTERS) throw bad('There are too many kinds of mailboxes')
  if (filters.some(({ kind }) => kind === 'SELECTED-DELAYED')) throw bad('A search delays nothing')
  cursor.expect(') ')
  return filters
}

/** Each once; those that are not there are passed over. [RFC 7377 §2.2] */
async function* mailboxesOf(
  session: Session,
  filters: readonly MailboxFilter[],
): AsyncGenerator<SearchedMailbox> {
  const { selected, parts, account, slice } = session
  const asksSelected = filters.some(meansSelected)
  if (asksSelected && selected !== undefined) yield selected
  const named = filters.filter((filter) => !meansSelected(filter))
  if (named.length === 0) return
  const { mailboxes } = parts.store
  const subscribed = new Set(await mailboxes.subscriptions(account))
  for (const row of await mailboxes.list(account)) {
    await slice.breathe()
    session.requireClient()
    if (asksSelected && row.id === selected?.row.id) continue
    if (!named.some((filter) => filterMatches(filter, row.name, subscribed))) continue
    const box = await lookedAt(session, row)
    if (box !== undefined) yield box
  }
}

/** Without being opened: what is recent there stays so. */
async function lookedAt(session: Session, row: MailboxRow): Promise<SearchedMailbox | undefined> {
  const { store } = session.parts
  const head = await store.mailboxes.head(row.id)
  if (head === undefined || head.exists === 0) return undefined
  const recent = new RecentMessages(store, row, session.enabled.rev2 ? 'never' : 'looks')
  await recent.take(head.uidNext)
  return { row, uids: new UidList((await uidsOf(session.parts, row, head)).uids), recent }
}
