import { type FlagsOnTheWay, type MailboxHead, StoreError } from '../port.ts'
import type { Collection } from './collection.ts'
import type { Completion, Pend } from './completion.ts'
import type { Database } from './database.ts'
import { again, settled } from './failures.ts'
import { bytes, child, number, optionalRow, optionalText, type Row, text, texts } from './fields.ts'
import { type Counted, HEAD, headAfter, readHead } from './heads.ts'
import { type StoredIndex, storedIndex } from './indexes.ts'
import { Plans, type Put } from './plans.ts'

export const noSuchMailbox = () => new StoreError('NO_SUCH_MAILBOX', 'the mailbox is gone')

/** What is to leave for another mailbox: fixed in one write, and nothing else changes it until it is gone. */
export interface Leaving {
  readonly id: string
  readonly to: string
  readonly saved: number
  readonly uids: readonly number[]
  readonly change?: FlagsOnTheWay | undefined
  /** What comes there in their place. They are not to be copied then. */
  readonly brings?: Bringing | undefined
}

/** A message that has no UID yet, by value; its octets are kept by the mailbox that the other leaves. */
export interface Bringing {
  readonly document: Row
  readonly index: StoredIndex
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
  /** Set where the modseq rises though no message changes. */
  readonly touches?: true
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
  readonly #plans: Plans
  readonly #completion: Completion
  readonly #turns = new Map<string, Promise<void>>()

  constructor(database: Database, completion: Completion) {
    this.#database = database
    this.#boxes = database.collection('mailboxes')
    this.#plans = new Plans(database)
    this.#completion = completion
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
      await this.#completion.ofBox(id)
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
      if (change.puts.length === 0 && change.ends === undefined && !change.touches) return change.answer
      if (await this.#begin(box, change)) return change.answer
    }
  }

  /** False where another change came between. */
  async #begin<R>(box: Box, { puts, counted, ends, touches }: Change<R>): Promise<boolean> {
    const pendId = this.#database.nonce()
    const plan = await this.#plans.write(box.id, pendId, puts)
    const pend: Pend = {
      id: pendId,
      modseq: box.head.modseq + 1,
      plan,
      head: headAfter(box.head, counted, touches),
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
    if (isBegun) await again(() => this.#completion.complete(box.id, pend))
    else await this.#plans.remove(box.id, pendId, plan)
    return isBegun
  }

  async #isLast(id: string, pendId: string): Promise<boolean> {
    const row = await this.#boxes.get({ _id: id }, { last: 1, 'pend.id': 1 })
    return row !== undefined && (optionalText(row, 'last') === pendId || idOf(row, 'pend') === pendId)
  }

  /** Where nothing leaves yet and nothing changes. */
  async leave(box: Box, { id, to, saved, uids, change, brings }: Leaving): Promise<boolean> {
    const brought = brings && { document: brings.document, ...brings.index }
    const leaving = {
      id,
      to,
      saved,
      uids: Buffer.from(Uint32Array.from(uids).buffer),
      ...(change === undefined ? {} : { change }),
      ...(brought === undefined ? {} : { brings: brought }),
    }
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
    const change = optionalRow(leaving, 'change')
    const brings = optionalRow(leaving, 'brings')
    return {
      id: text(leaving, 'id'),
      to: text(leaving, 'to'),
      saved: number(leaving, 'saved'),
      uids: [...new Uint32Array(uids.buffer)],
      change: change && { lost: texts(change, 'lost'), gained: texts(change, 'gained') },
      brings: brings && { document: child(brings, 'document'), index: storedIndex(brings, 'octets') },
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
      await this.#completion.ofBox(id)
    }
  }
}

const idOf = (row: Row, field: 'pend' | 'leaving'): string | undefined => {
  const named = optionalRow(row, field)
  return named && optionalText(named, 'id')
}

const readBox = (row: Row): Box => ({
  id: text(row, '_id'),
  account: text(row, 'account'),
  head: readHead(row),
  version: number(row, 'version'),
  leaving: idOf(row, 'leaving'),
})
