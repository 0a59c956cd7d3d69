import type { Keeper } from '../port.ts'
import { DAY_MS } from './blob-sweep.ts'
import { Chunks } from './chunks.ts'
import { SLICE, slicesOf } from './collection.ts'
import type { Completion } from './completion.ts'
import type { Database } from './database.ts'
import { number, optionalText, type Row, text, texts } from './fields.ts'
import type { Keepers } from './keepers.ts'

/**
 * What processes left that died before the write for which they had prepared. Nothing here is younger than a day, so that
 * nobody is at it any more; machines' clocks may differ by hours.
 */
export class Leftovers {
  readonly #database: Database
  readonly #keepers: Keepers
  readonly #chunks: Chunks
  readonly #completion: Completion

  constructor(database: Database, keepers: Keepers, completion: Completion) {
    this.#database = database
    this.#keepers = keepers
    this.#chunks = new Chunks(database)
    this.#completion = completion
  }

  async sweep(): Promise<void> {
    const before = Date.now() - DAY_MS
    await this.#claims(before)
    await this.#files(before)
    await this.#plans(before)
    await this.#indexes(before)
    await this.#mailboxes(before)
  }

  /** A keeper was put down for a write: where that happened it is one for certain, where not it goes. */
  async #claims(before: number): Promise<void> {
    const keepers = this.#database.collection('keepers')
    for (const row of await keepers.all({ claimedAt: { $lt: before } }, { limit: SLICE })) {
      const at = { _id: text(row, '_id'), hash: text(row, 'hash'), by: optionalText(row, 'by') }
      if (await this.#holds(row)) await keepers.update(at, { $unset: { claims: '', claimedAt: '' } })
      else await this.#keepers.remove([row])
    }
  }

  async #holds(row: Row): Promise<boolean> {
    const [hash, keeper] = [text(row, 'hash'), text(row, 'keeper')]
    for (const claim of texts(row, 'claims')) if (await this.#isKeptFor(claim, hash, keeper)) return true
    return false
  }

  async #isKeptFor(claim: string, hash: string, keeper: string): Promise<boolean> {
    const [kind = ''] = claim.split('/', 1)
    const id = claim.slice(kind.length + 1)
    if (kind === 'mailbox') return this.#isInMailbox(id, hash)
    if (kind === 'intake') {
      const purged = keeper === claim ? { purged: false } : {}
      return this.#isThere('intakes', { _id: id, voided: { $ne: true }, ...purged })
    }
    const [chain, from] = [id.slice(0, id.lastIndexOf('/')), Number(id.slice(id.lastIndexOf('/') + 1))]
    return this.#isThere('segments', { chain, from, 'body.hash': hash })
  }

  /** A change that its writer did not end is ended first: its messages count. */
  async #isInMailbox(mailbox: string, hash: string): Promise<boolean> {
    await this.#completion.ofBox(mailbox)
    return this.#isThere('messages', { mailbox, hash, gone: false })
  }

  async #isThere(collection: string, where: Row): Promise<boolean> {
    return (await this.#database.collection(collection).get(where, { _id: 1 })) !== undefined
  }

  async #files(before: number): Promise<void> {
    const staging = this.#database.collection('staging')
    for (const row of await staging.all({ at: { $lt: before } }, { limit: SLICE })) {
      const [file, hash] = [text(row, '_id'), optionalText(row, 'hash')]
      const isNamed = hash !== undefined && (await this.#isThere('blobs', { _id: hash, file }))
      if (isNamed) await this.#chunks.isNamed(file)
      else await this.#chunks.remove(file)
    }
  }

  /** Of changes that were never begun, or are done. */
  async #plans(before: number): Promise<void> {
    const plans = this.#database.collection('plans')
    const fields = { plan: 1, mailbox: 1 } as const
    for (const row of await plans.all({ at: { $lt: before } }, { limit: SLICE, fields })) {
      const mailbox = text(row, 'mailbox')
      await this.#completion.ofBox(mailbox)
      if (!(await this.#isThere('mailboxes', { _id: mailbox, 'pend.id': text(row, 'plan') })))
        await plans.remove({ _id: text(row, '_id'), mailbox })
    }
  }

  /** Indexes of messages that are gone hold their place for ever, their octets for a day. */
  async #indexes(before: number): Promise<void> {
    const indexes = this.#database.collection('indexes')
    for (;;) {
      const old = await indexes.all({ goneAt: { $lt: before } }, { limit: SLICE, fields: { _id: 1 } })
      for (const slice of slicesOf(old))
        await indexes.updateAll(
          { _id: { $in: slice.map((row) => text(row, '_id')) } },
          { $unset: { octets: '', goneAt: '' }, $set: { gone: true } },
        )
      if (old.length < SLICE) return
    }
  }

  async #mailboxes(before: number): Promise<void> {
    const boxes = this.#database.collection('mailboxes')
    for (const row of await boxes.all(
      { goneAt: { $lt: before } },
      { limit: SLICE, fields: { version: 1 } },
    )) {
      const mailbox = text(row, '_id')
      for (const name of ['messages', 'indexes', 'plans'])
        await this.#database.collection(name).removeAll({ mailbox })
      await this.#keepers.release(`mailbox/${mailbox}` satisfies Keeper)
      await boxes.remove({ _id: mailbox, gone: true, version: number(row, 'version') })
    }
  }
}
