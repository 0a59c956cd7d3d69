import type { MailboxRow, MessageRow } from '../../../storage/port.ts'
import type { Session } from '../session.ts'

/** Filters and indexes of so many messages are read at once: of the largest some hundred KiB, which takes a millisecond. */
const AHEAD = 32

/** Some messages that are looked at one after the other: what one of them needs is read for the next ones too. */
export class SearchedPage {
  readonly #session: Session
  readonly #mailbox: Pick<MailboxRow, 'id'>
  readonly #uids: readonly number[]
  readonly #places: ReadonlyMap<number, number>
  #indexes = new Ahead()
  #filters = new Ahead()

  constructor(session: Session, rows: readonly MessageRow[], mailbox: Pick<MailboxRow, 'id'>) {
    this.#session = session
    this.#mailbox = mailbox
    this.#uids = rows.map(({ uid }) => uid)
    this.#places = new Map(this.#uids.map((uid, place) => [uid, place]))
  }

  index(uid: number): Promise<Uint8Array | undefined> {
    const { mailboxes } = this.#session.parts.store
    return this.#indexes.get(this.#uids, this.#places.get(uid) ?? 0, (uids) =>
      mailboxes.indexes(this.#mailbox.id, uids),
    )
  }

  async textFilter(uid: number): Promise<Uint8Array | undefined> {
    if (!this.#session.hasSearchIndex) return undefined
    const { mailboxes } = this.#session.parts.store
    return this.#filters.get(this.#uids, this.#places.get(uid) ?? 0, (uids) =>
      mailboxes.textFilters(this.#mailbox.id, uids),
    )
  }
}

/** Reads more at once the longer one after the other is asked for. */
class Ahead {
  #known: ReadonlyMap<number, Uint8Array> = new Map()
  #upTo = 0
  #count = 1

  async get(
    uids: readonly number[],
    place: number,
    read: (uids: readonly number[]) => Promise<ReadonlyMap<number, Uint8Array>>,
  ): Promise<Uint8Array | undefined> {
    const uid = uids[place]
    if (uid === undefined) return undefined
    if (place >= this.#upTo) {
      this.#count = place === this.#upTo ? Math.min(this.#count * 2, AHEAD) : 1
      this.#known = await read(uids.slice(place, place + this.#count))
      this.#upTo = place + this.#count
    }
    return this.#known.get(uid)
  }
}
