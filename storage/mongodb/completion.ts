import type { MailboxHead } from '../port.ts'
import type { Collection, Named, Update, Write } from './collection.ts'
import type { Database } from './database.ts'
import { child, number, optionalRow, type Row, text } from './fields.ts'
import { readHead } from './heads.ts'
import type { Keepers } from './keepers.ts'
import { type Plan, Plans, type Put, readPlan } from './plans.ts'
import { messageId } from './versions.ts'

/** A change that was begun: everything that is needed to complete it, by value. */
export interface Pend {
  readonly id: string
  readonly modseq: number
  readonly plan: Plan
  readonly head: MailboxHead
  readonly keepsLeaving: boolean
}

/**
 * The second half of a change: safe at any time, for anyone, however often. Every write compares with what it was planned
 * from; one that comes late finds something else, and changes nothing.
 */
export class Completion {
  readonly #boxes: Collection
  readonly #messages: Collection
  readonly #indexes: Collection
  readonly #plans: Plans
  readonly #keepers: Keepers
  /** Of a mailbox that was found deleted: removes what was written into it too late. */
  readonly #clear: (id: string) => Promise<void>

  constructor(database: Database, keepers: Keepers, clear: (id: string) => Promise<void>) {
    this.#boxes = database.collection('mailboxes')
    this.#messages = database.collection('messages')
    this.#indexes = database.collection('indexes')
    this.#plans = new Plans(database)
    this.#keepers = keepers
    this.#clear = clear
  }

  /** Of the change that a mailbox is in, whoever began it. */
  async ofBox(id: string): Promise<void> {
    const row = await this.#boxes.get({ _id: id, gone: { $ne: true } }, { pend: 1 })
    const pend = row && optionalRow(row, 'pend')
    if (pend !== undefined) await this.complete(id, readPend(pend))
  }

  async complete(id: string, { id: pendId, modseq, plan, head, keepsLeaving }: Pend): Promise<void> {
    const gone = new Set<string>()
    for await (const puts of this.#plans.read(pendId, plan)) {
      await this.#write(id, modseq, puts)
      for (const put of puts) if ('gone' in put) gone.add(put.hash).add(put.also ?? put.hash)
    }
    if (gone.size > 0) await this.#letGo(id, [...gone], modseq)
    await this.#plans.remove(id, pendId, plan)
    const isMoved = await this.#boxes.update(
      { _id: id, 'pend.id': pendId },
      {
        $set: { ...head, last: pendId },
        $unset: { pend: '', ...(keepsLeaving ? {} : { leaving: '', unfinished: '' }) },
        $inc: { version: 1 },
        $currentDate: { touched: true },
      },
    )
    if (!isMoved && !(await this.#isThere(id))) await this.#clear(id)
  }

  /** Each compares with the version from which it was planned: done twice, or too late, it changes nothing. */
  async #write(mailbox: string, modseq: number, puts: readonly Put[]): Promise<void> {
    const fresh = puts.flatMap((put) => ('document' in put ? [put] : []))
    if (fresh.length > 0) {
      const messages = this.#messages.insertAll(fresh.map(({ document }) => document as Named))
      const indexes = this.#indexes.insertAll(
        fresh.map(({ uid, index = new Uint8Array(), sealed = false, filter }) => ({
          _id: messageId(mailbox, uid),
          mailbox,
          octets: index,
          sealed,
          ...(filter && { filter }),
        })),
      )
      await Promise.all([messages, indexes])
    }
    const changes = puts.flatMap((put): Write[] => {
      if (!('was' in put)) return []
      const filter = { _id: messageId(mailbox, put.uid), mailbox, modseq: put.was.modseq, gone: false }
      const update: Update =
        'gone' in put
          ? { $set: { gone: true, modseq, before: put.was }, $unset: { join: '' } }
          : { $set: { bits: put.bits, keywords: put.keywords, modseq, before: put.was } }
      // By its id, whatever else is compared: another index would walk through the mailbox for each.
      return [{ updateOne: { filter, update, hint: { _id: 1 } } }]
    })
    if (changes.length > 0) await this.#messages.bulk(changes)
    const gone = puts.flatMap((put) => ('gone' in put ? [messageId(mailbox, put.uid)] : []))
    // Its octets stay for a day: who reads as of an older head finds them, and they hold the place against a late writer.
    if (gone.length > 0)
      await this.#indexes.updateAll(
        { _id: { $in: gone }, mailbox },
        { $set: { goneAt: Date.now() }, $unset: { filter: '' } },
      )
  }

  /** Bodies of which the mailbox has no message any more. */
  async #letGo(mailbox: string, hashes: readonly string[], modseq: number): Promise<void> {
    for (let at = 0; at < hashes.length; at += 1_000) {
      const slice = hashes.slice(at, at + 1_000)
      const there = await this.#messages.all(
        { mailbox, hash: { $in: slice }, gone: false },
        { fields: { hash: 1, _id: 0 } },
      )
      const still = new Set(there.map((row) => text(row, 'hash')))
      const free = slice.filter((hash) => !still.has(hash))
      if (free.length > 0) await this.#keepers.releaseOf(`mailbox/${mailbox}`, free, modseq)
    }
  }

  async #isThere(id: string): Promise<boolean> {
    return (await this.#boxes.get({ _id: id, gone: { $ne: true } }, { _id: 1 })) !== undefined
  }
}

const readPend = (pend: Row): Pend => ({
  id: text(pend, 'id'),
  modseq: number(pend, 'modseq'),
  plan: readPlan(child(pend, 'plan')),
  head: readHead(child(pend, 'head')),
  keepsLeaving: pend['keepsLeaving'] === true,
})
