import { type MailboxHead, StoreError } from '../port.ts'
import {
  bytes,
  type Collection,
  child,
  type Database,
  type Named,
  number,
  optionalRow,
  optionalText,
  type Row,
  text,
  type Update,
  type Write,
} from './database.ts'
import { again, settled } from './failures.ts'
import { type Counted, HEAD, headAfter, readHead } from './heads.ts'
import type { Keepers } from './keepers.ts'
import { type Plan, Plans, type Put, readPlan } from './plans.ts'
import { messageId } from './versions.ts'

export const noSuchMailbox = () => new StoreError('NO_SUCH_MAILBOX', 'the mailbox is gone')

/** What is to leave for another mailbox: fixed in one write, and nothing else changes it until it is gone. */
export interface Leaving {
  readonly id: string
  readonly to: string
  readonly saved: number
  readonly uids: readonly number[]
}

/** A mailbox that nobody is changing. */
export interface Box {
  readonly id: string
  readonly account: string
  readonly head: MailboxHead
  /** Grows with each write: the compare of every compare-and-set. */
  readonly version: number
  /** A move that was begun; its messages are read where they are needed. */
  readonly leaving: string | undefined
}

export interface Change<R> {
  readonly puts: readonly Put[]
  /** What the head counts, of the same messages. */
  readonly counted: readonly Counted[]
  readonly answer: R
  /** Set where the change ends a move out of this mailbox. */
  readonly ends?: string
}

interface Pend {
  readonly id: string
  readonly modseq: number
  readonly plan: Plan
  readonly head: MailboxHead
  readonly keepsLeaving: boolean
}

const FIELDS = { ...HEAD, account: 1, version: 1, gone: 1, last: 1, 'pend.id': 1, 'leaving.id': 1 } as const

/**
 * The change of a mailbox in single-document writes. Plan from the complete state; compare-and-set the plan into the
 * mailbox as `pend`; write the messages, each with what readers see until then; move the head and drop the pend. From the
 * second write on anybody can complete the change, any number of times, at once: there is no lock to wait for, nothing to
 * void, and a writer that wakes up late finds that all of its writes compare with what is there no more.
 */
export class Boxes {
  readonly #database: Database
  readonly #boxes: Collection
  readonly #messages: Collection
  readonly #indexes: Collection
  readonly #plans: Plans
  readonly #keepers: Keepers
  /** Of a mailbox that was found deleted: removes what was written into it too late. */
  readonly #clear: (id: string) => Promise<void>
  readonly #turns = new Map<string, Promise<void>>()

  constructor(database: Database, keepers: Keepers, clear: (id: string) => Promise<void>) {
    this.#database = database
    this.#boxes = database.collection('mailboxes')
    this.#messages = database.collection('messages')
    this.#indexes = database.collection('indexes')
    this.#plans = new Plans(database)
    this.#keepers = keepers
    this.#clear = clear
  }

  async head(id: string): Promise<MailboxHead | undefined> {
    const row = await this.#boxes.get({ _id: id, gone: { $ne: true } }, HEAD)
    return row && readHead(row)
  }

  /** As it is when nobody is changing it: a change that is under way is completed. */
  async free(id: string): Promise<Box> {
    for (;;) {
      const row = await this.#boxes.get({ _id: id, gone: { $ne: true } }, FIELDS)
      if (row === undefined) throw noSuchMailbox()
      if (optionalRow(row, 'pend') === undefined) return readBox(row)
      await this.completePend(id)
    }
  }

  /**
   * One at a time in this process, where they would only stand in each other's way. A plan must not wait for another
   * change. It answers undefined where what it read was of another state than the box.
   */
  mutate<R>(id: string, plan: (box: Box) => Promise<Change<R> | undefined>): Promise<R> {
    const before = this.#turns.get(id) ?? Promise.resolve()
    const changed = before.then(() => this.#mutate(id, plan))
    const turn = changed.then(
      () => {},
      () => {},
    )
    this.#turns.set(id, turn)
    void turn.then(() => {
      if (this.#turns.get(id) === turn) this.#turns.delete(id)
    })
    return changed
  }

  async #mutate<R>(id: string, plan: (box: Box) => Promise<Change<R> | undefined>): Promise<R> {
    for (;;) {
      const box = await this.free(id)
      const change = await plan(box)
      if (change === undefined) continue
      if (change.puts.length === 0 && change.ends === undefined) return change.answer
      if (await this.#begin(box, change)) return change.answer
    }
  }

  /** False where another change came between. */
  async #begin<R>(box: Box, { puts, counted, ends }: Change<R>): Promise<boolean> {
    const pendId = this.#database.nonce()
    const plan = await this.#plans.write(box.id, pendId, puts)
    const pend: Pend = {
      id: pendId,
      modseq: box.head.modseq + 1,
      plan,
      head: headAfter(box.head, counted),
      keepsLeaving: box.leaving !== undefined && box.leaving !== ends,
    }
    const where = { _id: box.id, version: box.version, gone: { $ne: true } }
    const isOurs = () => this.#isLast(box.id, pendId)
    const isBegun = await settled(
      async () =>
        (await this.#boxes.update(where, { $set: { pend, unfinished: true }, $inc: { version: 1 } })) ||
        isOurs(),
      async () => ((await isOurs()) ? true : undefined),
    )
    if (isBegun) await again(() => this.complete(box.id, pend))
    else await this.#plans.remove(box.id, pendId, plan)
    return isBegun
  }

  async #isLast(id: string, pendId: string): Promise<boolean> {
    const row = await this.#boxes.get({ _id: id }, { last: 1, 'pend.id': 1 })
    return row !== undefined && (optionalText(row, 'last') === pendId || idOf(row, 'pend') === pendId)
  }

  async completePend(id: string): Promise<void> {
    const row = await this.#boxes.get({ _id: id, gone: { $ne: true } }, { pend: 1 })
    const pend = row && optionalRow(row, 'pend')
    if (pend !== undefined) await this.complete(id, readPend(pend))
  }

  /** Safe at any time, for anyone, however often. */
  async complete(id: string, { id: pendId, modseq, plan, head, keepsLeaving }: Pend): Promise<void> {
    const gone = new Set<string>()
    for await (const puts of this.#plans.read(pendId, plan)) {
      await this.#write(id, modseq, puts)
      for (const put of puts) if ('gone' in put) gone.add(put.hash)
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
    if (!isMoved && (await this.head(id)) === undefined) await this.#clear(id)
  }

  /** Each compares with the version from which it was planned: done twice, or too late, it changes nothing. */
  async #write(mailbox: string, modseq: number, puts: readonly Put[]): Promise<void> {
    const fresh = puts.flatMap((put) => ('document' in put ? [put] : []))
    if (fresh.length > 0) {
      const messages = this.#messages.insertAll(fresh.map(({ document }) => document as Named))
      const indexes = this.#indexes.insertAll(
        fresh.map(({ uid, index }) => ({
          _id: messageId(mailbox, uid),
          mailbox,
          octets: bytes({ octets: index ?? new Uint8Array() }, 'octets'),
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
      return [{ updateOne: { filter, update } }]
    })
    if (changes.length > 0) await this.#messages.bulk(changes)
    const gone = puts.flatMap((put) => ('gone' in put ? [messageId(mailbox, put.uid)] : []))
    // Its octets stay for a day: who reads as of an older head finds them, and they hold the place against a late writer.
    if (gone.length > 0)
      await this.#indexes.updateAll({ _id: { $in: gone }, mailbox }, { $set: { goneAt: Date.now() } })
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

  /** Where nothing leaves yet and nothing changes. */
  async leave(box: Box, { id, to, saved, uids }: Leaving): Promise<boolean> {
    const leaving = { id, to, saved, uids: Buffer.from(Uint32Array.from(uids).buffer) }
    const isLeaving = async () =>
      idOf((await this.#boxes.get({ _id: box.id }, { 'leaving.id': 1 })) ?? {}, 'leaving') === id
    return settled(
      async () =>
        (await this.#boxes.update(
          { _id: box.id, version: box.version, gone: { $ne: true } },
          { $set: { leaving, unfinished: true }, $inc: { version: 1 } },
        )) || isLeaving(),
      async () => ((await isLeaving()) ? true : undefined),
    )
  }

  async leaving(id: string): Promise<Leaving | undefined> {
    const row = await this.#boxes.get({ _id: id, gone: { $ne: true } }, { leaving: 1 })
    const leaving = row && optionalRow(row, 'leaving')
    if (leaving === undefined) return undefined
    const uids = Uint8Array.from(bytes(leaving, 'uids'))
    return {
      id: text(leaving, 'id'),
      to: text(leaving, 'to'),
      saved: number(leaving, 'saved'),
      uids: [...new Uint32Array(uids.buffer)],
    }
  }

  /** What was to leave stays: where it was to go is not there any more. */
  async stay(id: string, leaving: string): Promise<void> {
    for (;;) {
      const isStaying = await this.#boxes.update(
        { _id: id, 'leaving.id': leaving, pend: { $exists: false } },
        { $unset: { leaving: '', unfinished: '' }, $inc: { version: 1 } },
      )
      if (isStaying || (await this.leaving(id))?.id !== leaving) return
      await this.completePend(id)
    }
  }
}

const idOf = (row: Row, field: 'pend' | 'leaving'): string | undefined => {
  const named = optionalRow(row, field)
  return named && optionalText(named, 'id')
}

const readPend = (pend: Row): Pend => ({
  id: text(pend, 'id'),
  modseq: number(pend, 'modseq'),
  plan: readPlan(child(pend, 'plan')),
  head: readHead(child(pend, 'head')),
  keepsLeaving: pend['keepsLeaving'] === true,
})

const readBox = (row: Row): Box => ({
  id: text(row, '_id'),
  account: text(row, 'account'),
  head: readHead(row),
  version: number(row, 'version'),
  leaving: idOf(row, 'leaving'),
})
