import { fetchUnasked } from '../fetch/unasked.ts'
import { MAX_CONTEXT_MESSAGES, MAX_CONTEXTS, MAX_HELD_BACK, PAGE, UIDS_OF_A_LINE } from '../limits.ts'
import { formatNumbers } from '../number-set.ts'
import type { Output } from '../output.ts'
import type { Session } from '../session.ts'
import { type SortedBy, sortedBy } from '../sort/sorted.ts'
import { tagString } from '../wire-text.ts'
import type { Placed, SearchContext } from './context.ts'
import { changesWithMessages } from './keys.ts'
import { isMatch, matcherOf } from './matcher.ts'
import { SearchedMessage } from './searched-message.ts'
import { SearchedPage } from './searched-page.ts'

/** Searches of the selected mailbox whose results are kept up to date with the client. [RFC 5267 §4.3] */
export class SearchContexts {
  readonly #contexts = new Map<string, SearchContext>()
  /** What changed since it was last looked at. */
  readonly #touched = new Set<number>()
  /** Those of them that came. */
  readonly #came = new Set<number>()
  #gone: number[] = []

  has(tag: string): boolean {
    return this.#contexts.has(tag)
  }

  /** False where it would cost more than a session may: then the client hears of no changes. [RFC 5267 §4.3.1] */
  add(context: SearchContext): boolean {
    const { tag, key } = context.search
    if (this.#contexts.size === MAX_CONTEXTS || !changesWithMessages(key)) return false
    this.#contexts.set(tag, context)
    return this.#fits(context) || !this.cancel(tag)
  }

  /** False where there is none of that tag. [RFC 5267 §4.3.5] */
  cancel(tag: string): boolean {
    return this.#contexts.delete(tag)
  }

  get areAny(): boolean {
    return this.#contexts.size > 0
  }

  /** Whether nothing is to be told, as far as is known without asking. */
  get isCurrent(): boolean {
    return (
      this.#touched.size === 0 && [...this.#contexts.values()].every(({ heldBack }) => heldBack.size === 0)
    )
  }

  touch(uid: number, what: 'came' | 'changed'): void {
    if (this.#contexts.size === 0) return
    this.#touched.add(uid)
    if (what === 'came') this.#came.add(uid)
  }

  expunged(uid: number): void {
    this.#touched.delete(uid)
    this.#came.delete(uid)
    if (this.#contexts.size > 0) this.#gone.push(uid)
  }

  /** Before the expunge itself is told, whose numbers count in this. [RFC 5267 §4.3.4] */
  async tellExpunged(session: Session): Promise<void> {
    if (this.#gone.length === 0) return
    const gone = [...new Set(this.#gone)].sort((a, b) => a - b)
    this.#gone = []
    for (const context of this.#contexts.values()) {
      for (const uid of gone) context.heldBack.delete(uid)
      await tell(session, context, 'REMOVEFROM', context.remove(gone))
    }
  }

  /** After EXISTS, so that every number is known. [RFC 5267 §4.3.3] */
  async tellChanged(session: Session): Promise<void> {
    for (const context of this.#contexts.values()) {
      const uids = new Set(this.#touched)
      for (const uid of context.heldBack) uids.add(uid)
      await this.#update(
        session,
        context,
        [...uids].sort((a, b) => a - b),
      )
      if (this.#fits(context)) continue
      this.cancel(context.search.tag)
      refuseUpdate(session.out, context.search.tag)
    }
    this.#touched.clear()
    this.#came.clear()
  }

  #fits({ heldBack }: SearchContext): boolean {
    const sum = [...this.#contexts.values()].reduce((all, { size }) => all + size, 0)
    return sum <= MAX_CONTEXT_MESSAGES && heldBack.size <= MAX_HELD_BACK
  }

  async #update(session: Session, context: SearchContext, uids: readonly number[]): Promise<void> {
    const { box, parts, slice } = session
    const matches = matcherOf(session, context.search.key, box)
    for (let at = 0; at < uids.length; at += PAGE) {
      const removed: number[] = []
      const added: SearchedMessage[] = []
      const rows = await parts.store.mailboxes.rows(box.row.id, uids.slice(at, at + PAGE))
      const page = new SearchedPage(session, rows, box.row)
      for (const row of rows) {
        if (box.sequenceOf(row.uid) === 0) continue
        const message = new SearchedMessage(session, row, page)
        if (!this.#touched.has(row.uid) && !(await message.mayLookInside())) continue
        const isFound = await isMatch(matches, message)
        if (message.isHeldBack) context.heldBack.add(row.uid)
        else context.heldBack.delete(row.uid)
        if (isFound && !context.has(row.uid)) added.push(message)
        if (!isFound && context.has(row.uid)) removed.push(row.uid)
        await slice.breathe()
      }
      await tell(session, context, 'REMOVEFROM', context.remove(removed))
      const fetch = async ({ row }: SearchedMessage): Promise<void> => {
        if (this.#came.has(row.uid)) await fetchUnasked(session, row, context.search.fetched, 'UPDATE')
      }
      if (context.search.sort === undefined) await addInOrder(session, context, added, fetch)
      else await addSorted(session, context, context.search.sort, added, fetch)
    }
  }
}

/** Other things that were asked for are done all the same. [RFC 5267 §4.3.1] */
export function refuseUpdate(out: Output, tag: string): void {
  out.untagged(`NO [NOUPDATE ${tagString(tag)}] Degisiklikler bildirilmez / No word of changes will come`)
}

/** Of a message that came; one that is found since it changed is known to the client. [RFC 5465 §7] */
type FetchAdded = (message: SearchedMessage) => Promise<void>

async function addInOrder(
  session: Session,
  context: SearchContext,
  added: readonly SearchedMessage[],
  fetch: FetchAdded,
): Promise<void> {
  if (added.length === 0) return
  for (const message of added) await fetch(message)
  await tell(session, context, 'ADDTO', context.add(added.map(({ row }) => row.uid)))
}

async function addSorted(
  session: Session,
  context: SearchContext,
  keys: NonNullable<SearchContext['search']['sort']>,
  added: readonly SearchedMessage[],
  fetch: FetchAdded,
): Promise<void> {
  const valuesOf = async (uid: number): Promise<SortedBy | undefined> => {
    await session.slice.breathe()
    return sortedBy(session, keys, uid)
  }
  const placed: Placed[] = []
  try {
    for (const message of added) {
      const values = await valuesOf(message.row.uid)
      while (values !== undefined) {
        const place = await context.insert(values, valuesOf)
        if ('position' in place) {
          placed.push(place)
          await fetch(message)
          break
        }
        // It goes first, as what comes after counts without it.
        await tell(session, context, 'ADDTO', placed.splice(0))
        await tell(session, context, 'REMOVEFROM', context.remove([place.gone]))
      }
    }
  } finally {
    // What has its place is told, also where the rest cannot be looked at: later places count with it.
    await tell(session, context, 'ADDTO', placed)
  }
}

/** Results in the order of the mailbox have no place of their own, so ranges shorten them. [RFC 5267 §4.3.3] */
async function tell(
  session: Session,
  { search }: SearchContext,
  what: 'ADDTO' | 'REMOVEFROM',
  placed: readonly Placed[],
): Promise<void> {
  const { out, box } = session
  const number = ({ uid }: Placed): number => (search.byUid ? uid : box.sequenceOf(uid))
  const before = `ESEARCH (TAG ${tagString(search.tag)})${search.byUid ? ' UID' : ''} ${what}`
  for (let at = 0; at < placed.length; at += UIDS_OF_A_LINE) {
    const some = placed.slice(at, at + UIDS_OF_A_LINE)
    const told =
      search.sort === undefined
        ? `0 ${formatNumbers(some.map(number))}`
        : some.map((each) => `${each.position} ${number(each)}`).join(' ')
    out.untagged(`${before} (${told})`)
    await out.room()
    await session.slice.breathe()
  }
}
