import type { DocumentRow, MailboxRow, Store } from '../../storage/port.ts'
import { changeDocument, forgetDocument } from '../change-document.ts'
import { mailboxId } from './object-id.ts'
import type { UidList } from './uid-list.ts'

/**
 * Which UIDs of a mailbox no session was told of yet: from here on. The store keeps it, so that one session of all processes is the
 * first. [RFC 3501 §2.3.2]
 */
export async function untoldFrom(
  { annotations }: Pick<Store, 'annotations'>,
  row: MailboxRow,
): Promise<number> {
  return readFrom(await annotations.get(keyOf(row)))
}

/** With a mailbox goes what was told of it. */
export const forgetRecent = ({ annotations }: Pick<Store, 'annotations'>, row: MailboxRow): Promise<void> =>
  forgetDocument(annotations, keyOf(row))

/** Messages of which one session is the first to be told. */
export class RecentMessages {
  readonly #store: Pick<Store, 'annotations'>
  readonly #row: MailboxRow
  readonly #mode: 'claims' | 'looks' | 'never'
  /** Half-open, ascending. */
  readonly #ranges: { readonly from: number; until: number }[] = []
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
    // In a box that one session watches each range goes on where the last one ended.
    const last = this.#ranges.at(-1)
    if (last !== undefined && last.until === from) last.until = uidNext
    else if (from < uidNext) this.#ranges.push({ from, until: uidNext })
    this.#until = uidNext
  }

  has(uid: number): boolean {
    return this.#ranges.some(({ from, until }) => from <= uid && uid < until)
  }

  count(uids: UidList): number {
    return this.#ranges.reduce(
      (sum, { from, until }) => sum + uids.lowerBound(until) - uids.lowerBound(from),
      0,
    )
  }

  /** From which UID on nobody was told before. */
  async #claim(uidNext: number): Promise<number> {
    let from = uidNext
    await changeDocument(this.#store.annotations, keyOf(this.#row), (stored) => {
      from = readFrom(stored)
      return from < uidNext ? String(uidNext) : undefined
    })
    return from
  }
}

const readFrom = (stored: DocumentRow | undefined): number =>
  stored === undefined ? 1 : Number(stored.document)

const keyOf = (row: MailboxRow): string => `recent/${row.account}/${mailboxId(row)}`
