import { setTimeout as rest } from 'node:timers/promises'
import type { KepAccount, SearchIndex, StoredAccount } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import { randomHex } from '../../mail/ids.ts'
import { decodeIndex } from '../../mail/mime-codec.ts'
import { type MessageRow, type Store, StoreError } from '../../storage/port.ts'
import { Slice } from '../imap/slice.ts'
import type { Events } from '../ops/events.ts'
import type { Duty } from '../rounds.ts'
import { filterOf } from './make-filter.ts'

/** Between two rounds, ms; where looking at all accounts takes long, so long that it takes a fiftieth of the time. */
const PAUSE_MS = 10_000
const PAUSE_PER_LOOK = 50
/** Accounts at a time. */
const PAGE = 100
/** Messages of which it is asked at once whether they have a filter. */
const LOOKED_AT = 500
/** Filters written at once: of the largest a MiB. */
const WRITTEN_AT_ONCE = 32
/** One process at a time; longer than one filter takes. */
const LEASE = 'text-filters'
const LEASE_MS = 60_000
/** Beside who waits for an answer it takes a third of the time. */
const REST_PER_WORK = 2

export interface FillingParts {
  readonly store: Pick<Store, 'mailboxes' | 'blobs' | 'chain'>
  readonly directory: {
    list(after: string, limit: number): Promise<readonly KepAccount[]>
    change(address: string, change: (account: StoredAccount) => StoredAccount): Promise<unknown>
  }
  readonly clock: Clock
  readonly events: Pick<Events, 'pdfUnread' | 'textFilter' | 'textFiltersWait'>
  /** Whether filters are made, as it is configured now. */
  readonly isAllowed: () => boolean
  /** Of the longest header that is read. */
  readonly headerOctets: number
}

/** Messages of a mailbox that may have no filter yet: those after a UID. */
interface Waiting {
  readonly account: string
  readonly mailbox: string
  readonly after: number
  /** The last that is there now. */
  readonly last: number
  readonly count: number
}

interface Known {
  readonly since: string
  /** By mailbox the UID up to which nothing waits: filters stay, and what comes has a greater one. */
  readonly upTo: Map<string, number>
}

/**
 * Makes the text filters of accounts that chose them, of what comes and of what was there before, and removes those of accounts
 * that chose otherwise. Nothing waits for it: a message without a filter is searched as ever, so it may end anywhere.
 */
export class Filling implements Duty {
  readonly where = 'imap'
  readonly startsAtOnce = true
  readonly #parts: FillingParts
  readonly #owner = randomHex()
  readonly #known = new Map<string, Known>()
  #lookMs = 0
  #waiting = 0

  constructor(parts: FillingParts) {
    this.#parts = parts
  }

  pauseMs(): number {
    return Math.max(PAUSE_MS, this.#lookMs * PAUSE_PER_LOOK)
  }

  async round(signal: AbortSignal): Promise<void> {
    if (!(await this.#isOurTurn(signal))) return
    try {
      const found = await this.#look(signal)
      this.#waits(found.reduce((sum, { count }) => sum + count, 0))
      for (const waiting of found) {
        if (!(await this.#isOurTurn(signal))) return
        await this.#fill(waiting, signal)
      }
    } finally {
      await this.#lease(0)
    }
  }

  async #isOurTurn(signal: AbortSignal): Promise<boolean> {
    return !signal.aborted && (await this.#lease(LEASE_MS)) !== undefined
  }

  #lease(ms: number) {
    const { store, clock } = this.#parts
    return store.chain.lease(LEASE, this.#owner, clock.now().getTime(), ms)
  }

  /** Removes on the way. */
  async #look(signal: AbortSignal): Promise<Waiting[]> {
    const begun = performance.now()
    const found: Waiting[] = []
    for (let after = ''; ; ) {
      const page = await this.#parts.directory.list(after, PAGE)
      for (const { address, searchIndex } of page) {
        if (searchIndex?.state === 'removing') await this.#remove(address, signal)
        else if (searchIndex !== undefined && this.#parts.isAllowed())
          found.push(...(await this.#waitingOf(address, searchIndex)))
      }
      after = page.at(-1)?.address ?? ''
      if (after === '' || !(await this.#isOurTurn(signal))) break
    }
    this.#lookMs = performance.now() - begun
    return found
  }

  async #waitingOf(account: string, { since }: SearchIndex): Promise<Waiting[]> {
    const { mailboxes } = this.#parts.store
    const before = this.#known.get(account)
    const upTo = before?.since === since ? before.upTo : new Map<string, number>()
    const still = new Map<string, number>()
    const found: Waiting[] = []
    for (const { id } of await mailboxes.list(account)) {
      const head = await mailboxes.head(id)
      if (head === undefined) continue
      const [after, last] = [upTo.get(id) ?? 0, head.uidNext - 1]
      still.set(id, after)
      const count = Math.min(head.exists, last - after)
      if (count > 0) found.push({ account, mailbox: id, after, last, count })
    }
    this.#known.set(account, { since, upTo: still })
    return found
  }

  /** Again and again: a copy may have taken one along into a mailbox that was empty of them. */
  async #remove(address: string, signal: AbortSignal): Promise<void> {
    const { store, directory, events } = this.#parts
    this.#known.delete(address)
    for (let removed = 1; removed > 0; ) {
      removed = 0
      for (const { id } of await store.mailboxes.list(address)) {
        if (!(await this.#isOurTurn(signal))) return
        removed += await store.mailboxes.clearTextFilters(id)
      }
      events.textFilter('removed', removed)
    }
    await directory.change(address, withoutSearchIndex)
  }

  async #fill({ account, mailbox, after, last, count }: Waiting, signal: AbortSignal): Promise<void> {
    const { mailboxes } = this.#parts.store
    for (let from: number | undefined = after; from !== undefined; ) {
      const { uids, next }: { uids: readonly number[]; next: number | undefined } =
        await mailboxes.withoutTextFilter(mailbox, from, LOOKED_AT)
      for (let at = 0; at < uids.length; at += WRITTEN_AT_ONCE) {
        const begun = performance.now()
        await this.#make(mailbox, uids.slice(at, at + WRITTEN_AT_ONCE), signal)
        const spent = performance.now() - begun
        await rest(spent * REST_PER_WORK, undefined, { signal, ref: false }).catch(() => {})
        if (!(await this.#isOurTurn(signal))) return
      }
      from = next
      this.#known.get(account)?.upTo.set(mailbox, next ?? last)
    }
    this.#waits(this.#waiting - count)
  }

  async #make(mailbox: string, uids: readonly number[], signal: AbortSignal): Promise<void> {
    const { mailboxes } = this.#parts.store
    const rows = await mailboxes.rows(mailbox, uids)
    const indexes = await mailboxes.indexes(mailbox, uids)
    const filters = new Map<number, Uint8Array>()
    for (const row of rows) {
      // One with many documents may take half a minute.
      if (signal.aborted) break
      const index = indexes.get(row.uid)
      const filter = index && (await this.#filterOf(row, index))
      if (filter !== undefined) filters.set(row.uid, filter)
    }
    await mailboxes.setTextFilters(mailbox, filters)
    this.#parts.events.textFilter('made', filters.size)
  }

  /** undefined where the message cannot be read: whoever searches learns it. */
  async #filterOf(row: MessageRow, index: Uint8Array): Promise<Uint8Array | undefined> {
    const { store, headerOctets, events } = this.#parts
    const source = { parts: { store, events }, slice: this.#slice }
    try {
      await this.#slice.breathe()
      return await filterOf(source, row, decodeIndex(index), headerOctets)
    } catch (error) {
      if (!(error instanceof StoreError) || !UNREADABLE.has(error.code)) throw error
      events.textFilter('unreadable', 1)
      return undefined
    }
  }

  readonly #slice = new Slice()

  #waits(messages: number): void {
    this.#waiting = messages
    this.#parts.events.textFiltersWait(messages)
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(['NO_SUCH_BLOB', 'CORRUPT'])

/** Unless it was chosen anew meanwhile. */
function withoutSearchIndex(account: StoredAccount): StoredAccount {
  const { searchIndex, ...rest } = account
  return searchIndex?.state === 'removing' ? rest : account
}
