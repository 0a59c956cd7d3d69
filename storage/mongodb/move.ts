import { randomUUID } from 'node:crypto'
import { type CopyResult, StoreError } from '../port.ts'
import { type Box, type Boxes, type Change, type Leaving, noSuchMailbox } from './boxes.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { number, type Row, text, texts } from './fields.ts'
import type { Keeping } from './keeping.ts'
import { presentIn, removal } from './messages.ts'
import type { Reading } from './reading.ts'
import { messageDocument, messageId, readMessage, untilSettled } from './versions.ts'

/** Copies, and moves: into the target first, out of the source second, so that a message is in both for a moment, never in none. */
export class Move {
  readonly #messages: Collection
  readonly #boxes: Boxes
  readonly #reading: Reading
  readonly #keeping: Keeping

  constructor(database: Database, boxes: Boxes, reading: Reading, keeping: Keeping) {
    this.#messages = database.collection('messages')
    this.#boxes = boxes
    this.#reading = reading
    this.#keeping = keeping
  }

  async copy(from: string, uids: readonly number[], to: string, saved: number): Promise<CopyResult> {
    return this.#into(to, () => this.#read(from, uids), saved, `copy/${randomUUID()}/`)
  }

  #read(from: string, uids: readonly number[]): Promise<Row[]> {
    return untilSettled(async () => {
      const head = await this.#boxes.head(from)
      if (head === undefined) throw noSuchMailbox()
      return this.#reading.documents(from, uids, head.modseq)
    })
  }

  async move(from: string, uids: readonly number[], to: string, saved: number): Promise<CopyResult> {
    for (;;) {
      const box = await this.#boxes.free(from)
      if (box.leaving !== undefined) {
        await this.finish(from)
        continue
      }
      const rows = await presentIn(this.#reading, box, uids)
      if (rows === undefined) continue
      const leaving = { id: randomUUID(), to, saved, uids: rows.map((row) => number(row, 'uid')) }
      if (!(await this.#boxes.leave(box, leaving))) continue
      const result = await this.#finish(from, leaving)
      if (result === undefined) throw noSuchMailbox()
      return result
    }
  }

  /** Of a mailbox from which something is on its way, whoever began it. */
  async finish(from: string): Promise<void> {
    const leaving = await this.#boxes.leaving(from)
    if (leaving !== undefined) await this.#finish(from, leaving)
  }

  /**
   * Each half is one change of one mailbox and idempotent, so whoever meets a move on its way completes it.
   *
   * @returns undefined where the target was deleted: the messages stay
   */
  async #finish(from: string, leaving: Leaving): Promise<CopyResult | undefined> {
    try {
      const read = () => this.#read(from, leaving.uids)
      const copied = await this.#into(leaving.to, read, leaving.saved, `move/${leaving.id}/`)
      await this.#boxes.mutate(from, async (box) => this.#out(box, leaving))
      return copied
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'NO_SUCH_MAILBOX') throw error
      await this.#boxes.stay(from, leaving.id)
      return undefined
    }
  }

  async #out(box: Box, { id, uids }: Leaving): Promise<Change<undefined> | undefined> {
    if (box.leaving !== id) return { puts: [], counted: [], answer: undefined }
    const rows = await presentIn(this.#reading, box, uids)
    return rows && { ...removal(rows), answer: undefined, ends: id }
  }

  /** Under one operation id, so that it can be repeated: the answer names also what an earlier attempt copied. */
  #into(to: string, read: () => Promise<Row[]>, saved: number, prefix: string): Promise<CopyResult> {
    return this.#boxes.mutate(to, async (box) => {
      const known = await this.#messages.all(
        { mailbox: to, opId: { $gt: prefix, $lt: `${prefix}\uffff` } },
        { fields: { uid: 1, modseq: 1, opId: 1 } },
      )
      if (
        known.some((row) => number(row, 'modseq') > box.head.modseq && number(row, 'uid') >= box.head.uidNext)
      )
        return undefined
      const pairs = known.map((row): [number, number] => [
        Number(text(row, 'opId').slice(prefix.length)),
        number(row, 'uid'),
      ])
      const fresh = await this.#kept(box, read, new Set(pairs.map(([uid]) => uid)))
      const copies = fresh.map((row, position) =>
        copied(box, row, box.head.uidNext + position, saved, prefix),
      )
      for (const [position, row] of fresh.entries())
        pairs.push([number(row, 'uid'), box.head.uidNext + position])
      return {
        puts: copies.map(({ put }) => put),
        counted: copies.map(({ counted }) => counted),
        answer: { uidValidity: box.head.uidValidity, pairs: pairs.sort(([a], [b]) => a - b) },
      }
    })
  }

  /** What is to be copied still, its bodies kept by the target. A body that is gone has gone with its message, or was lost before. */
  async #kept(box: Box, read: () => Promise<Row[]>, known: ReadonlySet<number>): Promise<Row[]> {
    const fresh = (await read()).filter((row) => !known.has(number(row, 'uid')))
    const keeper = `mailbox/${box.id}` as const
    const missing = await this.#keeping.keepAll(
      fresh.map((row) => readMessage(row).body),
      keeper,
      {
        by: keeper,
        modseq: box.head.modseq + 1,
      },
    )
    if (missing.size === 0) return fresh
    const still = new Set((await read()).map((row) => number(row, 'uid')))
    return fresh.filter((row) => still.has(number(row, 'uid')))
  }
}

/** The join key stays with the first: a copy within one mailbox is a second message on purpose. */
function copied(box: Box, row: Row, uid: number, saved: number, prefix: string) {
  const flags = { bits: number(row, 'bits'), keywords: texts(row, 'keywords') }
  const message = { ...readMessage(row), uid, modseq: box.head.modseq + 1, saved }
  const opId = prefix + String(number(row, 'uid'))
  return {
    put: {
      uid,
      document: messageDocument(box.id, message, flags, { opId, joinKey: undefined }),
      from: messageId(text(row, 'mailbox'), number(row, 'uid')),
    },
    counted: { uid, size: message.size, before: undefined, after: flags.bits },
  }
}
