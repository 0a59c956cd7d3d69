import { type Fence, StoreError } from '../port.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { settled } from './failures.ts'
import { number, optionalNumber, type Row } from './fields.ts'
import type { Leases } from './leases.ts'

export interface ChainHead {
  readonly seq: number
  /** Last entry that a segment holds. */
  readonly sealed: number
}

/** One attempt to change a chain: the only one that can move its head, until the next one begins. */
export interface Attempt extends ChainHead {
  readonly id: string
  readonly chain: string
  readonly fence: Fence
}

const EMPTY: ChainHead = { seq: 0, sealed: 0 }

/**
 * Up to where a chain can be seen, and whose turn it is. Entries are written beyond the head, where nobody reads; moving the
 * head is the one write that appends them all. It compares the attempt, so that what a writer sent and gave up, and what
 * arrives all the same, moves nothing.
 */
export class ChainHeads {
  readonly #database: Database
  readonly #heads: Collection
  readonly #leases: Leases

  constructor(database: Database, leases: Leases) {
    this.#database = database
    this.#heads = database.collection('heads')
    this.#leases = leases
  }

  async of(chain: string): Promise<ChainHead> {
    const row = await this.#heads.get({ _id: chain })
    return row === undefined ? EMPTY : readHead(row)
  }

  /** From here on no writer of an older fence, and no earlier attempt of ours, can move the head. */
  async begin(fence: Fence, chain: string): Promise<Attempt> {
    if (!(await this.#leases.isCurrent(fence))) throw stale(fence)
    const id = this.#database.nonce()
    for (;;) {
      const head = await this.#heads.change(
        { _id: chain, token: { $lte: fence.token } },
        { $set: { token: fence.token, attempt: id } },
      )
      if (head !== undefined) return { id, chain, fence, ...readHead(head) }
      const isNew = await this.#heads.insert({ _id: chain, token: fence.token, attempt: id, ...EMPTY })
      if (isNew) return { id, chain, fence, ...EMPTY }
      const there = await this.#heads.get({ _id: chain }, { token: 1 })
      if (there !== undefined && number(there, 'token') > fence.token) throw stale(fence)
    }
  }

  /** All that the attempt wrote can be seen, or nothing of it. */
  async move({ id, chain, fence, seq, sealed }: Attempt, to: Partial<ChainHead>): Promise<void> {
    const isThere = async () => {
      const row = await this.#heads.get({ _id: chain, moved: id }, { _id: 1 })
      return row !== undefined
    }
    const isMoved = await settled(
      async () =>
        (await this.#heads.update(
          { _id: chain, attempt: id, seq, sealed },
          { $set: { ...to, moved: id } },
        )) || isThere(),
      async () => ((await isThere()) ? true : undefined),
    )
    if (!isMoved) throw stale(fence)
  }
}

export const stale = ({ name }: Fence) =>
  new StoreError('STALE_FENCE', `the lease ${name} went to another writer`)

const readHead = (row: Row): ChainHead => ({
  seq: number(row, 'seq'),
  sealed: optionalNumber(row, 'sealed') ?? 0,
})
