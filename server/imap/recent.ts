import type { MailboxRow, Store } from '../../storage/port.ts'
import { mailboxId } from './object-id.ts'
import type { UidList } from './uid-list.ts'

/** Somebody else claimed first so often: then the store is asked too much for now. */
const MAX_TRIES = 50

/**
 * Which UIDs of a mailbox no session was told of yet: from here on. The store keeps it, so that one session of all processes is the
 * first. [RFC 3501 §2.3.2]
 */
export async function untoldFrom(
  { annotations }: Pick<Store, 'annotations'>,
  row: MailboxRow,
): Promise<number> {
  return (await read(annotations, row)).from
}

/** With a mailbox goes what was told of it. */
export async function forgetRecent(
  { annotations }: Pick<Store, 'annotations'>,
  row: MailboxRow,
): Promise<void> {
  const { version } = await read(annotations, row)
  if (version > 0) await annotations.remove(keyOf(row), version)
}

/** Messages of which one session is the first to be told. */
export class RecentMessages {
  readonly #store: Pick<Store, 'annotations'>
  readonly #row: MailboxRow
  readonly #mode: 'claims' | 'looks' | 'never'
  /** Half-open, ascending. */
  readonly #ranges: (readonly [from: number, until: number])[] = []
  #until = 1

  /** @param mode a session that only looks leaves them recent for others; one of IMAP4rev2 knows none */
  constructor(store: Pick<Store, 'annotations'>, row: MailboxRow, mode: 'claims' | 'looks' | 'never') {
    this.#store = store
    this.#row = row
    this.#mode = mode
  }

  /** Whether the client hears of them at all. */
  get areTold(): boolean {
    return this.#mode !== 'never'
  }

  /** Before the client is told of the messages up to this UID. */
  async take(uidNext: number): Promise<void> {
    if (!this.areTold || uidNext <= this.#until) return
    const untold =
      this.#mode === 'claims' ? await this.#claim(uidNext) : await untoldFrom(this.#store, this.#row)
    const from = Math.max(untold, this.#until)
    if (from < uidNext) this.#ranges.push([from, uidNext])
    this.#until = uidNext
  }

  has(uid: number): boolean {
    return this.#ranges.some(([from, until]) => from <= uid && uid < until)
  }

  count(uids: UidList): number {
    return this.#ranges.reduce(
      (sum, [from, until]) => sum + uids.lowerBound(until) - uids.lowerBound(from),
      0,
    )
  }

  /** From which UID on nobody was told before. */
  async #claim(uidNext: number): Promise<number> {
    const { annotations } = this.#store
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { version, from } = await read(annotations, this.#row)
      if (from >= uidNext || (await annotations.put(keyOf(this.#row), String(uidNext), version))) return from
    }
    throw new Error('somebody else always claims the new messages of this mailbox')
  }
}

async function read(
  annotations: Store['annotations'],
  row: MailboxRow,
): Promise<{ version: number; from: number }> {
  const stored = await annotations.get(keyOf(row))
  return stored === undefined
    ? { version: 0, from: 1 }
    : { version: stored.version, from: Number(stored.document) }
}

const keyOf = (row: MailboxRow): string => `recent/${row.account}/${mailboxId(row)}`
