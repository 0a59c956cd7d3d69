import type { KepAccount } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import { randomHex } from '../../mail/ids.ts'
import {
  type Fence,
  type IntakeRow,
  type MailboxRow,
  type Store,
  SWEEP_LEASE,
  SWEEP_LEASE_MS,
} from '../../storage/port.ts'
import { type EventLog, SYSTEM } from '../event-log/event-log.ts'
import { readRecord } from '../message-records.ts'
import type { Events } from '../ops/events.ts'
import type { Duty } from '../rounds.ts'
import type { Holds } from './holds.ts'

/** Rows looked at, and named in one record of the log, at a time. */
const PAGE = 100
/** Blobs swept in one write. */
const SWEPT_AT_ONCE = 500

export interface RetentionRules {
  /** ms; undefined keeps for ever. */
  readonly trash?: number | undefined
  readonly bodies?: number | undefined
  /** ms between two looks. */
  readonly every: number
  /** Octets that go at most in one look. */
  readonly sweepOctets: number
}

export interface RetentionParts {
  readonly store: Store
  readonly accounts: { list(after: string, limit: number): Promise<readonly KepAccount[]> }
  readonly holds: Holds
  readonly clock: Clock
  readonly eventLog: Pick<EventLog, 'record'>
  readonly events: Pick<Events, 'retention'>
  readonly rules: () => RetentionRules
  /** While it says no, nobody's time is up (I11). */
  readonly clockIsCertain: () => boolean
}

/**
 * What may go, goes: mail that lay in the trash long enough, the provider's own octets of messages about which all is
 * decided, and octets that nobody keeps. Each deletion is recorded before it is done; hashes, records and evidence stay, and
 * whatever is held stays whole.
 */
export class Retention implements Duty {
  readonly where = 'ops'
  readonly #parts: RetentionParts
  readonly #owner = randomHex()

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  pauseMs(): number {
    return this.#parts.rules().every
  }

  /** One look at everything; another process, or a backup, may be at it: then nothing is done. */
  async round(signal?: AbortSignal): Promise<void> {
    if (!this.#parts.clockIsCertain() || (await this.#lease(SWEEP_LEASE_MS)) === undefined) return
    try {
      await this.#look(async () => !signal?.aborted && (await this.#lease(SWEEP_LEASE_MS)) !== undefined)
    } finally {
      await this.#lease(0)
    }
  }

  /** @param goesOn asked after each page: false where it is time to stop, or another is at it */
  async #look(goesOn: () => Promise<boolean>): Promise<void> {
    const { trash, bodies, sweepOctets } = this.#parts.rules()
    const now = this.#parts.clock.now().getTime()
    if (trash !== undefined) await this.#emptyTrash(now - trash, goesOn)
    if (bodies !== undefined) await this.#purge(now - bodies, goesOn)
    await this.#sweep(sweepOctets, goesOn)
  }

  #lease(ms: number): Promise<Fence | undefined> {
    const { store, clock } = this.#parts
    return store.chain.lease(SWEEP_LEASE, this.#owner, clock.now().getTime(), ms)
  }

  async #emptyTrash(before: number, goesOn: () => Promise<boolean>): Promise<void> {
    const { store, accounts, holds } = this.#parts
    for (let after = ''; ; ) {
      const page = await accounts.list(after, PAGE)
      for (const { address } of page) {
        if (await holds.isHeld({ account: address })) continue
        for (const box of await store.mailboxes.list(address))
          if (box.specialUse === '\\Trash') await this.#emptyMailbox(box, before, goesOn)
      }
      const last = page.at(-1)
      if (last === undefined || !(await goesOn())) return
      after = last.address
    }
  }

  async #emptyMailbox(box: MailboxRow, before: number, goesOn: () => Promise<boolean>): Promise<void> {
    const { mailboxes } = this.#parts.store
    for (let last = 0; ; ) {
      const page = await mailboxes.page(box.id, last, PAGE)
      const old = page.filter(({ saved }) => saved < before)
      if (old.length > 0) {
        const uids = old.map(({ uid }) => uid)
        const messages = old.map(({ delivery, body }) =>
          delivery === undefined ? body.hash : `${delivery.intake}/${delivery.recipient}`,
        )
        const details = { mailbox: box.name, uids, messages, because: 'retention.trash' }
        await this.#parts.holds.keepFor(box.account, old)
        await this.#parts.eventLog.record({ what: 'mail deleted', by: SYSTEM, account: box.account, details })
        await mailboxes.store(box.id, uids, { mode: 'add', flags: ['\\Deleted'] })
        const gone = await mailboxes.expunge(box.id, uids)
        this.#parts.events.retention('trash', gone.length)
      }
      const end = page.at(-1)
      if (end === undefined || !(await goesOn())) return
      last = end.uid
    }
  }

  async #purge(before: number, goesOn: () => Promise<boolean>): Promise<void> {
    const { store, eventLog, events } = this.#parts
    for (let after: IntakeRow | undefined; ; ) {
      const page = await store.finished(before, after, PAGE)
      const free: string[] = []
      for (const row of page) if (!(await this.#isHeld(row))) free.push(row.id)
      if (free.length > 0) {
        const details = { intakes: free, because: 'retention.bodies' }
        await eventLog.record({ what: 'messages purged', by: SYSTEM, details })
        for (const id of free) if (await store.purge(id)) events.retention('purged', 1)
      }
      after = page.at(-1)
      if (after === undefined || !(await goesOn())) return
    }
  }

  /** By itself, or by anyone whose mail it is. */
  async #isHeld(row: IntakeRow): Promise<boolean> {
    const { store, holds } = this.#parts
    if (!(await holds.areThereAny())) return false
    if (await holds.isHeld({ intake: row.id })) return true
    const { sender, recipients } = await readRecord(store, row)
    for (const { address } of [sender, ...recipients])
      if (await holds.isHeld({ account: address.toLowerCase() })) return true
    return false
  }

  async #sweep(most: number, goesOn: () => Promise<boolean>): Promise<void> {
    const { store, events } = this.#parts
    for (let octets = 0; octets < most && (await goesOn()); ) {
      const swept = await store.blobs.sweep(SWEPT_AT_ONCE)
      events.retention('swept', swept.blobs)
      if (swept.blobs === 0) return
      octets += swept.octets
    }
  }
}
