import type { MailboxHead } from '../../../storage/port.ts'
import { no } from '../failure.ts'
import type { FetchItem } from '../fetch/items.ts'
import { MAX_MAILBOXES } from '../limits.ts'
import { attributesOf, listResponse } from '../list-response.ts'
import { meansSelected } from '../mailbox-filter.ts'
import { SEPARATOR } from '../mailbox-name.ts'
import { statusOf } from '../mailbox-status.ts'
import type { Session } from '../session.ts'
import { type EventGroup, type NotifyEvent, wants } from './event-groups.ts'
import { KnownMailboxes, type NameChange } from './known-mailboxes.ts'

/** What another process does to the names of mailboxes gives no hint: so old may a look at them be. */
const LOOK_MS = 10_000

interface Told extends Pick<MailboxHead, 'exists' | 'uidNext'> {
  /** undefined of a mailbox that was never told of. */
  readonly modseq: number | undefined
}

/**
 * What one client wants to hear, and what it has heard. [RFC 5465 §3] Nothing is queued: of each mailbox it is known what was told
 * last, and that something may be new; so who reads nothing costs no more than who reads.
 */
export class Notifications {
  readonly #session: Session
  readonly #groups: readonly EventGroup[]
  readonly #known = new KnownMailboxes()
  /** Whether any mailbox is meant beside the selected one. */
  readonly #looksAround: boolean
  readonly #told = new Map<string, Told>()
  /** Mailboxes of which a hint came. */
  readonly #heard = new Set<string>()
  #namesMayDiffer = false
  #lookedAt: number
  #isOver = false
  #stop = (): void => {}
  /** Called where there may be something to tell. */
  ring: () => void = () => {}

  private constructor(session: Session, groups: readonly EventGroup[]) {
    this.#session = session
    this.#groups = groups
    this.#looksAround = groups.some(({ filter, events }) => !meansSelected(filter) && events.size > 0)
    this.#lookedAt = session.parts.clock.now().getTime()
  }

  /** From here on. Rejects with NOTIFICATIONOVERFLOW where it is too much; hints are taken before the first look. */
  static async begin(session: Session, groups: readonly EventGroup[]): Promise<Notifications> {
    const begun = new Notifications(session, groups)
    if (!begun.#looksAround) return begun
    begun.#watch()
    try {
      await begun.#known.look(session)
      await begun.#takeNew('is known')
      if (begun.#told.size > MAX_MAILBOXES)
        throw no('NOTIFICATIONOVERFLOW', 'Cok fazla kutu', 'There are too many mailboxes')
      return begun
    } catch (error) {
      begun.stop()
      throw error
    }
  }

  stop(): void {
    this.#stop()
  }

  /** Of the selected mailbox, whose messages only its own group speaks of. [RFC 5465 §6.1] */
  get selected(): {
    readonly tells: 'nothing' | 'delayed' | 'at once'
    readonly flags: boolean
    readonly fetched: readonly FetchItem[]
  } {
    const group = this.#isOver ? undefined : this.#groups.find(({ filter }) => meansSelected(filter))
    if (group === undefined || !group.events.has('MessageNew')) return NOTHING
    return {
      tells: group.filter.kind === 'SELECTED' ? 'at once' : 'delayed',
      flags: group.events.has('FlagChange'),
      fetched: group.fetched,
    }
  }

  wants(event: NotifyEvent, name: string): boolean {
    return !this.#isOver && wants(this.#groups, event, name, this.#known.subscribed)
  }

  /** Of the server no mailbox has to be meant. */
  get wantsServer(): boolean {
    return !this.#isOver && this.#groups.some(({ events }) => events.has('ServerMetadataChange'))
  }

  /** Of a mailbox something may be new. */
  heard(id: string): void {
    if (!this.#told.has(id)) return
    this.#heard.add(id)
    this.ring()
  }

  lookAtNames(): void {
    this.#namesMayDiffer = this.#looksAround
    this.ring()
  }

  /** What a command of this session does to a mailbox or a subscription; the client need not be told. [RFC 5465 §5] */
  changedByUs(kind: 'mailbox' | 'subscription', key: string): void {
    if (this.#looksAround) this.#known.changedByUs(kind, key)
  }

  /** The mailboxes whose messages the client wants to hear of, as they are. [RFC 5465 §3.1] */
  async tellStatus(): Promise<void> {
    for (const id of this.#told.keys()) await this.#tellStatus(id, 'in any case')
  }

  /** What is new since it was told. */
  async tell(): Promise<void> {
    const { parts, out } = this.#session
    if (!this.#looksAround || this.#isOver) return
    const mayRead = this.#session.may('read')
    const now = parts.clock.now().getTime()
    if (this.#namesMayDiffer || now - this.#lookedAt >= LOOK_MS) {
      for (const change of await this.#lookAgain(now)) if (mayRead) await this.#tellName(change)
      await this.#takeNew('is news')
    }
    if (this.#told.size <= MAX_MAILBOXES) {
      for (const id of mayRead ? [...this.#heard] : []) {
        this.#heard.delete(id)
        await this.#tellStatus(id, 'where it changed').catch((error: unknown) => {
          this.#heard.add(id)
          throw error
        })
      }
      return
    }
    this.#isOver = true
    this.#heard.clear()
    this.#told.clear()
    this.stop()
    out.untagged('OK [NOTIFICATIONOVERFLOW] Bildirim yok / There are too many mailboxes to tell of')
  }

  #watch(): void {
    const { store, accountHints } = this.#session.parts
    const stops = [
      store.mailboxes.watch((id) => this.heard(id)),
      accountHints.watch((account) => {
        if (account === this.#session.account) this.lookAtNames()
      }),
    ]
    this.#stop = () => {
      for (const stop of stops) stop()
    }
  }

  /** A hint that comes while it is looked means one more look, and so does a failure. */
  async #lookAgain(now: number): Promise<NameChange[]> {
    this.#namesMayDiffer = false
    try {
      const changes = await this.#known.look(this.#session)
      this.#lookedAt = now
      return changes
    } catch (error) {
      this.#namesMayDiffer = true
      throw error
    }
  }

  /** Mailboxes that are meant from now on; more than there may be are not even counted. */
  async #takeNew(whatIsThere: 'is known' | 'is news'): Promise<void> {
    const meant = new Set<string>()
    for (const { id, name } of this.#known.rows.values()) {
      // Each group is asked of each mailbox.
      await this.#session.slice.breathe()
      if (!this.wants('MessageNew', name)) continue
      meant.add(id)
      if (this.#told.has(id)) continue
      const head = whatIsThere === 'is news' ? EMPTY : await this.#session.parts.store.mailboxes.head(id)
      if (head !== undefined) this.#told.set(id, head)
      if (head === EMPTY) this.#heard.add(id)
      if (this.#told.size > MAX_MAILBOXES) return
    }
    for (const id of this.#told.keys()) if (!meant.has(id)) this.#told.delete(id)
  }

  async #tellStatus(id: string, when: 'in any case' | 'where it changed'): Promise<void> {
    const { parts, out, selected, slice, enabled } = this.#session
    const row = this.#known.rows.get(id)
    const told = this.#told.get(id)
    if (row === undefined || told === undefined || id === selected?.row.id) return
    const head = await parts.store.mailboxes.head(id)
    if (head === undefined) {
      this.#namesMayDiffer = true
      return
    }
    const flags = this.wants('FlagChange', row.name)
    const isNew = head.uidNext !== told.uidNext || head.exists !== told.exists
    const isChanged = told.modseq !== undefined && head.modseq !== told.modseq
    const now = { exists: head.exists, uidNext: head.uidNext, modseq: head.modseq }
    if (when === 'where it changed' && !isNew && !(flags && isChanged)) {
      this.#told.set(id, now)
      return
    }
    const items = ['MESSAGES', 'UIDNEXT', 'UIDVALIDITY']
    if (flags || enabled.condstore) items.push('HIGHESTMODSEQ')
    out.untagged(await statusOf(this.#session, row, head, items))
    this.#told.set(id, now)
    await out.room()
    await slice.breathe()
  }

  async #tellName({ event, name, oldName }: NameChange): Promise<void> {
    if (!this.wants(event, name) && (oldName === undefined || !this.wants(event, oldName))) return
    const { out, enabled, slice } = this.#session
    const rows = [...this.#known.rows.values()]
    const row = rows.find((each) => each.name === name)
    const attributes = [
      ...(row === undefined ? ['\\NonExistent'] : []),
      ...attributesOf(
        name,
        row,
        rows.some((each) => each.name.startsWith(name + SEPARATOR)),
      ),
      ...(this.#known.subscribed.has(name) ? ['\\Subscribed'] : []),
    ]
    out.untagged(listResponse(attributes, name, enabled.utf8, oldName))
    await out.room()
    await slice.breathe()
  }
}

/** As a mailbox is before anything is in it. */
const EMPTY: Told = { exists: 0, uidNext: 1, modseq: undefined }

const NOTHING = { tells: 'nothing', flags: false, fetched: [] } as const
