import type { MailboxRow, MailboxStore, MessageMarks, MessageRow, Stored } from '../../storage/port.ts'
import { flagsResponse } from './fetch/response.ts'
import { fetchUnasked } from './fetch/unasked.ts'
import { uidsOf } from './known-uids.ts'
import { PAGE, UIDS_OF_A_LINE } from './limits.ts'
import { formatNumbers } from './number-set.ts'
import type { Output } from './output.ts'
import type { ImapParts } from './parts.ts'
import type { RecentMessages } from './recent.ts'
import { SearchContexts } from './search/contexts.ts'
import type { Session } from './session.ts'
import type { ShownFlags } from './shown-flags.ts'
import { UidList } from './uid-list.ts'

/** What depends on the session and not on the mailbox alone. */
interface Shown {
  readonly flags: ShownFlags
  readonly recent: RecentMessages
}

/**
 * One session's view of a mailbox: sequence numbers are this session's own and change only where the standard lets
 * them. [RFC 9051 §5.5] The truth is the store's ordered list of changes; a session walks it from the point that it
 * knows, so all sessions see the same changes in the same order (I7).
 */
export class SelectedMailbox {
  readonly row: MailboxRow
  readonly readOnly: boolean
  readonly flags: ShownFlags
  readonly recent: RecentMessages
  readonly uids: UidList
  readonly contexts = new SearchContexts()
  readonly #store: MailboxStore
  #modseq: number
  #recentTold: number | undefined
  /** There, but the client was not told yet: kept where the store failed half-way, for the next time. */
  readonly #added = new Set<number>()
  /** Told of, but what the client asked for of new messages was not sent yet. */
  readonly #unfetched = new Set<number>()
  /** Gone, but the client was not told yet. */
  #vanished: number[] = []
  /** Put there by commands of this session. */
  readonly #brought = new Set<number>()
  /** Gone by commands of this session. */
  #removed: number[] = []
  /** Rows whose state at that modseq the client knows from an answer to its own command. */
  readonly #told = new Map<number, number>()

  private constructor(
    store: MailboxStore,
    row: MailboxRow,
    readOnly: boolean,
    { flags, recent }: Shown,
    { uids, modseq }: { readonly uids: Uint32Array; readonly modseq: number },
  ) {
    this.#store = store
    this.row = row
    this.readOnly = readOnly
    this.flags = flags
    this.recent = recent
    this.uids = new UidList(uids)
    this.#modseq = modseq
  }

  /** undefined where the mailbox is gone. */
  static async open(
    parts: Pick<ImapParts, 'store' | 'knownValues'>,
    row: MailboxRow,
    readOnly: boolean,
    shown: Shown,
  ): Promise<{ selected: SelectedMailbox; uidNext: number; unseen: number } | undefined> {
    const store = parts.store.mailboxes
    const head = await store.head(row.id)
    if (head === undefined) return undefined
    const known = await uidsOf(parts, row, head)
    const { uids } = known
    await shown.recent.take(Math.max(head.uidNext, (uids.at(-1) ?? 0) + 1))
    const selected = new SelectedMailbox(store, row, readOnly, shown, known)
    return { selected, uidNext: Math.max(head.uidNext, selected.uids.last + 1), unseen: head.unseen }
  }

  /** Everything up to here was told, or is about to be. [RFC 7162 §3.1.2.1] */
  get modseq(): number {
    return this.#modseq
  }

  /** The client learns these rows from the command that changed them, or asked not to be told. */
  told(rows: readonly MessageRow[]): void {
    for (const row of rows) if (row.modseq > this.#modseq) this.#told.set(row.uid, row.modseq)
  }

  /** The client learns by EXPUNGE what it removed, also where it wants to hear of nothing that others do. [RFC 5465 §3.1] */
  removed(uids: readonly number[]): void {
    for (const uid of uids) this.#removed.push(uid)
  }

  /** The client knows what it put there itself: it is told that it is there, and no more. [RFC 5465 §5.2] */
  brought(mailbox: Pick<MailboxRow, 'id'>, uids: readonly number[]): void {
    if (mailbox.id === this.row.id) for (const uid of uids) this.#brought.add(uid)
  }

  async tellOwnExpunges(session: Session): Promise<void> {
    this.#brought.clear()
    if (this.#removed.length === 0) return
    const others = this.#vanished
    this.#vanished = this.#removed
    this.#removed = []
    for (const uid of this.#vanished) this.contexts.expunged(uid)
    await this.contexts.tellExpunged(session)
    await this.#tellExpunged(session)
    this.#vanished = others
  }

  /** As {@link told}, of rows that nobody looked at, where nothing else happened meanwhile: then nothing has to be read. */
  toldUnseen({ before, counted }: Stored): void {
    if (before === this.#modseq && counted !== undefined) this.#modseq = counted.after
  }

  /** Whether there is anything to tell, given the modseq of the mailbox now. */
  isCurrent(modseq: number): boolean {
    return (
      modseq === this.#modseq &&
      this.#vanished.length === 0 &&
      this.#added.size === 0 &&
      this.#unfetched.size === 0 &&
      this.contexts.isCurrent
    )
  }

  /** Sequence number; 0 where the session does not know the message. */
  sequenceOf(uid: number): number {
    return this.uids.indexOf(uid) + 1
  }

  /**
   * Tells what changed. EXPUNGE only where the standard allows it, since it renumbers what a pipelined command may
   * already have named. [RFC 9051 §7.5.1] Rejects with NO_SUCH_MAILBOX where the mailbox was deleted.
   */
  async sync(session: Session, expunge: 'all' | 'no-expunge'): Promise<void> {
    const { out, slice } = session
    const last = this.uids.last
    let further = true
    while (further) {
      const changes = await this.#store.changes(this.row.id, this.#modseq, PAGE)
      for (const row of changes.changed) {
        this.contexts.touch(row.uid, row.uid > last ? 'came' : 'changed')
        if (row.uid > last) this.#added.add(row.uid)
        else if (this.#told.get(row.uid) !== row.modseq) this.#tellFlags(session, row)
      }
      // What came and went before it was told never was, for this client.
      for (const uid of changes.vanished) {
        if (!this.#added.delete(uid)) this.#vanished.push(uid)
        this.contexts.expunged(uid)
      }
      further = changes.modseq > this.#modseq
      this.#modseq = Math.max(this.#modseq, changes.modseq)
      if (further) {
        await out.room()
        await slice.breathe()
      }
    }
    this.#told.clear()
    this.#removed = []
    await this.contexts.tellExpunged(session)
    if (expunge === 'all') await this.#tellExpunged(session)
    if (this.#added.size > 0) await this.#tellAdded(session)
    this.#brought.clear()
    if (this.#unfetched.size > 0) await this.#fetchAdded(session)
    await this.contexts.tellChanged(session)
  }

  async #tellAdded(session: Session): Promise<void> {
    const { out } = session
    // In order of modseq here; a message that was changed again comes later than one with a higher UID.
    const added = [...this.#added].sort((a, b) => a - b)
    await this.recent.take((added.at(-1) ?? 0) + 1)
    this.uids.append(added)
    this.#added.clear()
    out.untagged(`${this.uids.length} EXISTS`)
    this.tellRecent(out)
    if (session.notifications?.selected.fetched.length)
      for (const uid of added) if (!this.#brought.has(uid)) this.#unfetched.add(uid)
  }

  /** What the client asked for of new messages. [RFC 5465 §5.2] */
  async #fetchAdded(session: Session): Promise<void> {
    const fetched = session.notifications?.selected.fetched ?? []
    const uids = [...this.#unfetched]
    for (let at = 0; at < uids.length; at += PAGE) {
      const page = uids.slice(at, at + PAGE)
      const rows = await this.#store.rows(this.row.id, page)
      for (const uid of page) this.#unfetched.delete(uid)
      for (const row of rows) await fetchUnasked(session, row, fetched, 'NOTIFY')
      await session.slice.breathe()
    }
  }

  /** How many are, where the client does not know it. */
  tellRecent(out: Output): void {
    const count = this.recent.count(this.uids)
    if (!this.recent.areTold || count === this.#recentTold) return
    out.untagged(`${count} RECENT`)
    this.#recentTold = count
  }

  flagsOf({ uid, flags }: MessageMarks): string {
    return (this.recent.has(uid) ? ['\\Recent', ...flags] : flags).join(' ')
  }

  #tellFlags({ out, enabled, notifications }: Session, row: MessageRow): void {
    if (this.sequenceOf(row.uid) === 0 || notifications?.selected.flags === false) return
    this.flags.announce(out, row.flags)
    out.untagged(flagsResponse(this, row, enabled, 'with UID'))
  }

  async #tellExpunged({ out, slice, enabled }: Session): Promise<void> {
    if (this.#vanished.length === 0) return
    const gone = [...new Set(this.#vanished)].sort((a, b) => a - b)
    this.#vanished = []
    const known = enabled.vanished ? gone.filter((uid) => this.uids.indexOf(uid) >= 0) : []
    const positions = this.uids.remove(gone)
    for (let at = 0; at < known.length; at += UIDS_OF_A_LINE) {
      out.untagged(`VANISHED ${formatNumbers(known.slice(at, at + UIDS_OF_A_LINE))}`)
      await out.room()
      await slice.breathe()
    }
    if (!enabled.vanished) {
      // From the end, so that no number told before shifts one that is told after.
      for (const position of positions.reverse()) {
        out.untagged(`${position + 1} EXPUNGE`)
        await out.room()
        await slice.breathe()
      }
    }
    this.tellRecent(out)
  }
}
