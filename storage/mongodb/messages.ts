import { changeFlags, DELETED, parseFlags } from '../flags.ts'
import type { Appended, FlagChange, MessageRow, NewMessage } from '../port.ts'
import type { Box, Boxes, Change } from './boxes.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { number, type Row, text } from './fields.ts'
import type { Counted } from './heads.ts'
import type { Indexes } from './indexes.ts'
import type { Keeping } from './keeping.ts'
import type { Move } from './move.ts'
import { inPut, type Put } from './plans.ts'
import type { Reading } from './reading.ts'
import { joined, messageDocument, Overtaken, readMessage, wasOf } from './versions.ts'

interface Flagged {
  readonly changed: MessageRow[]
  readonly refused: number[]
}

/** Changes of one mailbox. */
export class Messages {
  readonly #messages: Collection
  readonly #boxes: Boxes
  readonly #reading: Reading
  readonly #keeping: Keeping
  readonly #move: Move
  readonly #indexes: Indexes

  constructor(
    database: Database,
    boxes: Boxes,
    reading: Reading,
    { keeping, move, indexes }: { keeping: Keeping; move: Move; indexes: Indexes },
  ) {
    this.#messages = database.collection('messages')
    this.#boxes = boxes
    this.#reading = reading
    this.#keeping = keeping
    this.#move = move
    this.#indexes = indexes
  }

  append(mailbox: string, message: NewMessage): Promise<Appended> {
    return this.#boxes.mutate(mailbox, async (box): Promise<Change<Appended> | undefined> => {
      const { uidValidity } = box.head
      const known = await this.#known(mailbox, message)
      if (known !== undefined) {
        if (number(known, 'modseq') > box.head.modseq) return undefined
        const [uid, modseq] = [number(known, 'uid'), number(known, 'modseq')]
        return { puts: [], counted: [], answer: { uid, uidValidity, modseq, added: false } }
      }
      const [uid, modseq] = [box.head.uidNext, box.head.modseq + 1]
      await this.#keepBodies(mailbox, message, modseq)
      const flags = parseFlags(message.flags)
      const row = { ...message, uid, modseq, size: message.body.size, delivery: message.delivery }
      const document = messageDocument(mailbox, row, flags, { opId: message.opId, joinKey: message.joinKey })
      return {
        puts: [{ uid, document, ...inPut(this.#indexes.toStore(message.index)) }],
        counted: [{ uid, size: message.body.size, before: undefined, after: flags.bits }],
        answer: { uid, uidValidity, modseq, added: true },
      }
    })
  }

  /** A tombstone too: what was expunged does not come back when its append is repeated. */
  async #known(mailbox: string, { opId, joinKey }: NewMessage): Promise<Row | undefined> {
    const same = await this.#messages.get({ mailbox, opId }, { uid: 1, modseq: 1 })
    if (same !== undefined || joinKey === undefined) return same
    return this.#messages.get(joined(mailbox, joinKey), { uid: 1, modseq: 1 })
  }

  async #keepBodies(mailbox: string, { body, staged }: NewMessage, modseq: number): Promise<void> {
    const keeper = `mailbox/${mailbox}` as const
    const claim = { by: keeper, modseq }
    for (const blob of staged)
      if (blob.ref.hash === body.hash) await this.#keeping.bring(blob, keeper, claim)
      else await this.#keeping.bring(blob, 'archive', undefined)
    if (!staged.some(({ ref }) => ref.hash === body.hash)) await this.#keeping.keep(body, keeper, claim)
  }

  store(mailbox: string, uids: readonly number[], change: FlagChange): Promise<Flagged> {
    const wanted = parseFlags(change.flags)
    return this.#ofPresent(mailbox, uids, (box, rows) => {
      const [puts, counted]: [Put[], Counted[]] = [[], []]
      const answer: Flagged = { changed: [], refused: [] }
      for (const row of rows) {
        const [was, uid, size] = [wasOf(row), number(row, 'uid'), number(row, 'size')]
        const after = changeFlags(was, change.mode, wanted)
        if (was.modseq > (change.unchangedSince ?? Infinity)) answer.refused.push(uid)
        else if (after.bits === was.bits && String(after.keywords) === String(was.keywords))
          answer.changed.push(readMessage(row))
        else {
          puts.push({ uid, was, ...after })
          counted.push({ uid, size, before: was.bits, after: after.bits })
          answer.changed.push(readMessage({ ...row, ...after, modseq: box.head.modseq + 1 }))
        }
      }
      return { puts, counted, answer }
    })
  }

  expunge(mailbox: string, uids: readonly number[]): Promise<number[]> {
    return this.#ofPresent(mailbox, uids, (_, rows) => {
      const deleted = rows.filter((row) => (number(row, 'bits') & DELETED) !== 0)
      return { ...removal(deleted), answer: deleted.map((row) => number(row, 'uid')) }
    })
  }

  /** Where nothing is on its way to another mailbox: that is fixed until it has gone. */
  async #ofPresent<R>(
    mailbox: string,
    uids: readonly number[],
    plan: (box: Box, rows: readonly Row[]) => Change<R>,
  ): Promise<R> {
    for (;;) {
      const planned = await this.#boxes.mutate<{ done: R } | undefined>(mailbox, async (box) => {
        if (box.leaving !== undefined) return { puts: [], counted: [], answer: undefined }
        const rows = await presentIn(this.#reading, box, uids)
        if (rows === undefined) return undefined
        const { answer, ...change } = plan(box, rows)
        return { ...change, answer: { done: answer } }
      })
      if (planned !== undefined) return planned.done
      await this.#move.finish(mailbox)
    }
  }
}

/** Undefined where the mailbox has changed since the box was read. */
export async function presentIn(
  reading: Reading,
  box: Box,
  uids: readonly number[],
): Promise<Row[] | undefined> {
  try {
    return await reading.documents(box.id, uids, box.head.modseq)
  } catch (error) {
    if (error instanceof Overtaken) return undefined
    throw error
  }
}

export const removal = (rows: readonly Row[]): { puts: Put[]; counted: Counted[] } => ({
  puts: rows.map((row) => ({
    uid: number(row, 'uid'),
    was: wasOf(row),
    gone: true,
    hash: text(row, 'hash'),
  })),
  counted: rows.map((row) => ({
    uid: number(row, 'uid'),
    size: number(row, 'size'),
    before: number(row, 'bits'),
    after: undefined,
  })),
})
