import { z } from 'zod'
import type { DocumentRow, Store } from '../../storage/port.ts'

/** What is held: all mail of an account, or one message wherever it is. */
export type HoldSubject = { readonly account: string } | { readonly intake: string }

const document = z.strictObject({
  /** The order of the court or the authority, as the operator wrote it. */
  reason: z.string(),
  /** ISO 8601, UTC. */
  since: z.string(),
  by: z.string(),
})

export interface Hold extends z.output<typeof document> {
  /** `account/…` or `intake/…`. */
  readonly subject: string
}

type HoldStore = Pick<Store, 'holds' | 'blobs'>

const PAGE = 500

/**
 * Legal holds (hukuki saklama): while one is there nothing of its subject is purged, and what a holder deletes stays where
 * only the provider can reach it.
 */
export class Holds {
  readonly #store: HoldStore

  constructor(store: HoldStore) {
    this.#store = store
  }

  /** False where it is held already; then nothing changes. */
  place(subject: HoldSubject, hold: z.output<typeof document>): Promise<boolean> {
    return this.#store.holds.put(keyOf(subject), JSON.stringify(hold), 0)
  }

  /** False where it was not held. What was kept for the hold alone goes with the next sweep. */
  async lift(subject: HoldSubject): Promise<boolean> {
    const key = keyOf(subject)
    const row = await this.#store.holds.get(key)
    if (row === undefined || !(await this.#store.holds.remove(key, row.version))) return false
    await this.#store.blobs.release(keeperOf(key))
    return true
  }

  async list(): Promise<Hold[]> {
    const holds: Hold[] = []
    for (let after = ''; ; ) {
      const page = await this.#store.holds.list(after, PAGE)
      holds.push(...page.map(read))
      const last = page.at(-1)
      if (last === undefined) return holds
      after = last.key
    }
  }

  async isHeld(subject: HoldSubject): Promise<boolean> {
    return (await this.#store.holds.get(keyOf(subject))) !== undefined
  }

  /** Before messages of an account are deleted: their octets get the hold as a keeper, where there is one. */
  async keepFor(
    account: string,
    bodies: Iterable<{ readonly hash: string; readonly size: number }>,
  ): Promise<void> {
    if (!(await this.isHeld({ account }))) return
    for (const body of bodies) await this.#store.blobs.keep(body, keeperOf(keyOf({ account })))
  }
}

const keyOf = (subject: HoldSubject): string =>
  'account' in subject ? `account/${subject.account}` : `intake/${subject.intake}`

const keeperOf = (key: string) => `hold/${key}` as const

const read = ({ key, document: text }: DocumentRow): Hold => ({
  subject: key,
  ...document.parse(JSON.parse(text)),
})
