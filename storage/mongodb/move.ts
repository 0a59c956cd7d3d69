import { randomUUID } from 'node:crypto'
import { flagsOnTheWay, parseFlags } from '../flags.ts'
import { type Appended, type CopyResult, type FlagsOnTheWay, StoreError } from '../port.ts'
import type { Appending, ReadyMessage } from './appending.ts'
import { type Box, type Boxes, type Bringing, type Change, type Leaving, noSuchMailbox } from './boxes.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { number, type Row, text, texts } from './fields.ts'
import type { Keeping } from './keeping.ts'
import { presentIn, removal } from './messages.ts'
import type { Reading } from './reading.ts'
import { joinKeyOf, messageDocument, messageId, readMessage, untilSettled } from './versions.ts'

/** Copies, and moves: into the target first, out of the source second, so that a message is in both for a moment, never in none. */
export class Move {
  readonly #messages: Collection
  readonly #boxes: Boxes
  readonly #reading: Reading
  readonly #keeping: Keeping
  readonly #appending: Appending

  constructor(
    database: Database,
    boxes: Boxes,
    reading: Reading,
    { keeping, appending }: { keeping: Keeping; appending: Appending },
  ) {
    this.#messages = database.collection('messages')
    this.#boxes = boxes
    this.#reading = reading
    this.#keeping = keeping
    this.#appending = appending
  }

  async copy(
    from: string,
    uids: readonly number[],
    to: string,
    saved: number,
    change?: FlagsOnTheWay,
  ): Promise<CopyResult> {
    return this.#into(to, () => this.#read(from, uids), { id: `copy/${randomUUID()}/`, saved, change })
  }

  #read(from: string, uids: readonly number[]): Promise<Row[]> {
    return untilSettled(async () => {
      const head = await this.#boxes.head(from)
      if (head === undefined) throw noSuchMailbox()
      return this.#reading.documents(from, uids, head.modseq)
    })
  }

  async move(
    from: string,
    uids: readonly number[],
    to: string,
    saved: number,
    change?: FlagsOnTheWay,
  ): Promise<CopyResult> {
    for (;;) {
      const box = await this.#boxes.free(from)
      if (box.leaving !== undefined) {
        await this.finish(from)
        continue
      }
      const rows = await presentIn(this.#reading, box, uids)
      if (rows === undefined) continue
      const present = rows.map((row) => number(row, 'uid'))
      const leaving = { id: randomUUID(), to, saved, uids: present, change }
      if (!(await this.#boxes.leave(box, leaving))) continue
      const result = await this.#finish(from, leaving, () => this.#copied(from, leaving))
      if (result === undefined) throw noSuchMailbox()
      return result
    }
  }

  /** Into another mailbox, in the place of what leaves this one: fixed in one write, with the message by value. */
  async replace(from: string, uid: number, to: string, message: ReadyMessage): Promise<Appended | undefined> {
    for (;;) {
      const box = await this.#boxes.free(from)
      if (box.leaving !== undefined) {
        await this.finish(from)
        continue
      }
      const rows = await presentIn(this.#reading, box, [uid])
      if (rows === undefined) continue
      const known = await this.#appending.byOperation(to, message.opId)
      if (known === undefined && rows.length === 0) return undefined
      if ((await this.#boxes.head(to)) === undefined) throw noSuchMailbox()
      if (known === undefined) {
        // By the mailbox from which nothing goes meanwhile, so it is kept until the other keeps it.
        await this.#appending.keep(from, message, box.head.modseq + 1)
        const brings = bringing(to, message)
        const leaving = { id: randomUUID(), to, saved: message.saved, uids: [uid], brings }
        if (!(await this.#boxes.leave(box, leaving))) continue
        const appended = await this.#finish(from, leaving, () => this.#bring(to, brings))
        if (appended === undefined) throw noSuchMailbox()
        return appended
      }
      return this.#bring(to, bringing(to, message))
    }
  }

  /** Of a mailbox from which something is on its way, whoever began it. */
  async finish(from: string): Promise<void> {
    const leaving = await this.#boxes.leaving(from)
    if (leaving === undefined) return
    const { to, brings } = leaving
    if (brings === undefined) await this.#finish(from, leaving, () => this.#copied(from, leaving))
    else await this.#finish(from, leaving, () => this.#bring(to, brings))
  }

  /**
   * Each half is one change of one mailbox and idempotent, so whoever meets a move on its way completes it.
   *
   * @returns undefined where a mailbox was deleted, or octets that were to come there are lost: nothing arrived
   */
  async #finish<R>(from: string, leaving: Leaving, arrive: () => Promise<R>): Promise<R | undefined> {
    let arrived: R
    try {
      arrived = await arrive()
    } catch (error) {
      if (!(error instanceof StoreError) || !CANNOT_ARRIVE.has(error.code)) throw error
      await this.#boxes.stay(from, leaving.id)
      return undefined
    }
    try {
      await this.#boxes.mutate(from, async (box) => this.#out(box, leaving))
    } catch (error) {
      // It was deleted, and what was left of them with it.
      if (!(error instanceof StoreError) || error.code !== 'NO_SUCH_MAILBOX') throw error
    }
    return arrived
  }

  #copied(from: string, { id, to, saved, uids, change }: Leaving): Promise<CopyResult> {
    return this.#into(to, () => this.#read(from, uids), { id: `move/${id}/`, saved, change })
  }

  async #bring(to: string, { document, index }: Bringing): Promise<Appended> {
    const joinKey = joinKeyOf(document)
    const { delivery, ...row } = readMessage(document)
    const message: ReadyMessage = {
      ...row,
      opId: text(document, 'opId'),
      ...(delivery === undefined ? {} : { delivery }),
      ...(joinKey === undefined ? {} : { joinKey }),
      staged: [],
      index,
    }
    const [appended] = await this.#boxes.mutate(to, (box) => this.#appending.change(box, [message]))
    if (appended === undefined) throw new TypeError('one message has one answer')
    return appended
  }

  async #out(box: Box, { id, uids, brings }: Leaving): Promise<Change<undefined> | undefined> {
    if (box.leaving !== id) return { puts: [], counted: [], answer: undefined }
    const rows = await presentIn(this.#reading, box, uids)
    const also = brings && text(brings.document, 'hash')
    return rows && { ...removal(rows, also), answer: undefined, ends: id }
  }

  /** Under one operation id, so that it can be repeated: the answer names also what an earlier attempt copied. */
  #into(to: string, read: () => Promise<Row[]>, going: Going): Promise<CopyResult> {
    const { id: prefix } = going
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
      const copies = fresh.map((row, position) => copied(box, row, box.head.uidNext + position, going))
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

interface Going {
  /** With which operation ids of what it copies begin. */
  readonly id: string
  readonly saved: number
  readonly change: FlagsOnTheWay | undefined
}

/** The join key stays with the first: a copy within one mailbox is a second message on purpose. */
function copied(box: Box, row: Row, uid: number, { id, saved, change }: Going) {
  const had = { bits: number(row, 'bits'), keywords: texts(row, 'keywords') }
  const flags = change ? flagsOnTheWay(had, change) : had
  const message = { ...readMessage(row), uid, modseq: box.head.modseq + 1, saved }
  const opId = id + String(number(row, 'uid'))
  return {
    put: {
      uid,
      document: messageDocument(box.id, message, flags, { opId, joinKey: undefined }),
      from: messageId(text(row, 'mailbox'), number(row, 'uid')),
    },
    counted: { uid, size: message.size, before: undefined, after: flags.bits },
  }
}

function bringing(to: string, { index, ...message }: ReadyMessage): Bringing {
  const { opId, joinKey, body, delivery, flags } = message
  const row = { ...message, uid: 0, modseq: 0, size: body.size, delivery }
  return { document: messageDocument(to, row, parseFlags(flags), { opId, joinKey }), index }
}

const CANNOT_ARRIVE: ReadonlySet<string> = new Set(['NO_SUCH_MAILBOX', 'NO_SUCH_BLOB'])
