import { DoesNotOpen } from '../encryption/sealed-octets.ts'
import type { StoreKeys } from '../encryption/store-key.ts'
import type { WithoutTextFilter } from '../port.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { child, type Row, text } from './fields.ts'
import { type StoredOctets, storedOctets } from './indexes.ts'
import type { Reading } from './reading.ts'
import { messageId } from './versions.ts'

/** They open for nothing else. */
const USE = 'text filter'

/** Of an index whose message is there. */
const THERE = { goneAt: { $exists: false }, gone: { $ne: true } } as const

/** Each lies beside its message's MIME index: what is written there in one write is there or has gone with the message. */
export class TextFilters {
  readonly #indexes: Collection
  readonly #reading: Reading
  readonly #keys: StoreKeys | undefined

  constructor(database: Database, reading: Reading, keys: StoreKeys | undefined) {
    this.#indexes = database.collection('indexes')
    this.#reading = reading
    this.#keys = keys
  }

  async read(mailbox: string, uids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
    const found = await this.#indexes.named(
      namesOf(mailbox, uids),
      { mailbox, ...WITH_FILTER },
      { filter: 1 },
    )
    return new Map(
      found.flatMap((row) => {
        const filter = this.#opened(storedOctets(child(row, 'filter'), 'octets'))
        return filter === undefined ? [] : [[uidOf(row), filter] as const]
      }),
    )
  }

  async set(mailbox: string, filters: ReadonlyMap<number, Uint8Array>): Promise<void> {
    await this.#indexes.bulk(
      [...filters].map(([uid, filter]) => ({
        updateOne: {
          filter: { _id: messageId(mailbox, uid), mailbox, ...THERE },
          update: { $set: { filter: this.#toStore(filter) } },
          hint: { _id: 1 },
        },
      })),
    )
  }

  async without(mailbox: string, afterUid: number, limit: number): Promise<WithoutTextFilter> {
    const page = await this.#reading.page(mailbox, afterUid, limit)
    const uids = page.map(({ uid }) => uid)
    const has = await this.#indexes.named(namesOf(mailbox, uids), { mailbox, ...WITH_FILTER }, { _id: 1 })
    const known = new Set(has.map(uidOf))
    return {
      uids: uids.filter((uid) => !known.has(uid)),
      next: page.length < limit ? undefined : uids.at(-1),
    }
  }

  clear(mailbox: string): Promise<number> {
    return this.#indexes.updateAll({ mailbox, ...WITH_FILTER }, { $unset: { filter: '' } })
  }

  /** They would say which words sealed bodies hold; so they are sealed where bodies are. */
  #toStore(filter: Uint8Array): StoredOctets {
    return this.#keys === undefined
      ? { octets: filter, sealed: false }
      : { octets: this.#keys.wrap(filter, USE), sealed: true }
  }

  /** One that does not open is none: without it the message itself is looked at. */
  #opened({ octets, sealed }: StoredOctets): Uint8Array | undefined {
    if (!sealed) return Uint8Array.from(octets)
    try {
      return this.#keys?.unwrap(octets, USE)
    } catch (error) {
      if (!(error instanceof DoesNotOpen)) throw error
      return undefined
    }
  }
}

const WITH_FILTER = { filter: { $exists: true } } as const

const namesOf = (mailbox: string, uids: readonly number[]): string[] =>
  uids.map((uid) => messageId(mailbox, uid))

const uidOf = (row: Row): number => {
  const id = text(row, '_id')
  return Number(id.slice(id.lastIndexOf('/') + 1))
}
