import { z } from 'zod'
import {
  type BlobRef,
  type DocumentRow,
  type MessageRow,
  type Store,
  StoreError,
} from '../../storage/port.ts'

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

type HoldStore = Pick<Store, 'holds' | 'blobs' | 'intake'>

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

  /** False where it is held already. Of a message, what the provider has of it is kept from now on. */
  async place(subject: HoldSubject, hold: z.output<typeof document>): Promise<boolean> {
    const isNew = await this.#store.holds.put(keyOf(subject), JSON.stringify(hold), 0)
    const body = 'intake' in subject ? (await this.#store.intake(subject.intake))?.body : undefined
    if (body !== undefined) await this.#keep(body, subject)
    return isNew
  }

  /** False where it was not held. What was kept for the hold alone goes with the next sweep. */
  async lift(subject: HoldSubject): Promise<boolean> {
    const key = keyOf(subject)
    const row = await this.#store.holds.get(key)
    const isLifted = row !== undefined && (await this.#store.holds.remove(key, row.version))
    // Also where it was lifted before, by a process that died then.
    if (isLifted || row === undefined) await this.#store.blobs.release(keeperOf(key))
    return isLifted
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

  /** Another one where anything was placed or lifted meanwhile; empty where there are no holds, as almost always. */
  async stamp(): Promise<string> {
    const pieces: string[] = []
    for (let after = ''; ; ) {
      const page = await this.#store.holds.list(after, PAGE)
      // Versions begin anew where a hold is lifted and placed again; what it says has another time then.
      for (const { key, version, document } of page) pieces.push(`${key} ${version} ${document}`)
      const last = page.at(-1)
      if (last === undefined) return pieces.join('\n')
      after = last.key
    }
  }

  async isHeld(subject: HoldSubject): Promise<boolean> {
    return (await this.#store.holds.get(keyOf(subject))) !== undefined
  }

  /** Almost always there are none, and this one read says so. */
  async areThereAny(): Promise<boolean> {
    return (await this.#store.holds.list('', 1)).length > 0
  }

  /** Before messages of an account are deleted: what is held, by account or by message, gets the hold as a keeper. */
  async keepFor(account: string, messages: Iterable<Pick<MessageRow, 'body' | 'delivery'>>): Promise<void> {
    if (!(await this.areThereAny())) return
    const isHeld = await this.isHeld({ account })
    for (const { body, delivery } of messages) {
      if (isHeld) await this.#keep(body, { account })
      const intake = delivery?.intake
      if (intake !== undefined && (await this.isHeld({ intake }))) await this.#keep(body, { intake })
    }
  }

  /** What is gone already cannot be held. */
  async #keep(body: BlobRef, subject: HoldSubject): Promise<void> {
    try {
      await this.#store.blobs.keep(body, keeperOf(keyOf(subject)))
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'NO_SUCH_BLOB') throw error
    }
  }
}

const keyOf = (subject: HoldSubject): string =>
  'account' in subject ? `account/${subject.account}` : `intake/${subject.intake}`

const keeperOf = (key: string) => `hold/${key}` as const

const read = ({ key, document: text }: DocumentRow): Hold => ({
  subject: key,
  ...document.parse(JSON.parse(text)),
})
