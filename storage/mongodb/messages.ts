import { changeFlags, DELETED, parseFlags } from '../flags.ts'
import type { Appended, FlagChange, MessageRow, NewMessage } from '../port.ts'
import type { Appending, ReadyMessage } from './appending.ts'
import type { Box, Boxes, Change } from './boxes.ts'
import { number, type Row, text } from './fields.ts'
import type { Counted } from './heads.ts'
import type { Indexes } from './indexes.ts'
import type { Move } from './move.ts'
import type { Put } from './plans.ts'
import type { Reading } from './reading.ts'
import { Overtaken, readMessage, wasOf } from './versions.ts'

interface Flagged {
  readonly before: number
  readonly changed: MessageRow[]
  readonly refused: number[]
}

/** Changes of one mailbox. */
export class Messages {
  readonly #boxes: Boxes
  readonly #reading: Reading
  readonly #appending: Appending
  readonly #move: Move
  readonly #indexes: Indexes

  constructor(
    boxes: Boxes,
    reading: Reading,
    { appending, move, indexes }: { appending: Appending; move: Move; indexes: Indexes },
  ) {
    this.#boxes = boxes
    this.#reading = reading
    this.#appending = appending
    this.#move = move
    this.#indexes = indexes
  }

  append(mailbox: string, messages: readonly NewMessage[]): Promise<Appended[]> {
    const ready = messages.map((message) => this.#ready(message))
    return this.#boxes.mutate(mailbox, (box) => this.#appending.change(box, ready))
  }

  #ready(message: NewMessage): ReadyMessage {
    return { ...message, index: this.#indexes.toStore(message.index) }
  }

  async replace(from: string, uid: number, to: string, message: NewMessage): Promise<Appended | undefined> {
    const ready = this.#ready(message)
    if (from !== to) return this.#move.replace(from, uid, to, ready)
    return this.#whenNothingLeaves(from, async (box) => {
      const known = await this.#appending.byOperation(from, message.opId)
      const rows = await presentIn(this.#reading, box, known === undefined ? [uid] : [])
      if (rows === undefined) return undefined
      if (known === undefined && rows.length === 0) return { puts: [], counted: [], answer: undefined }
      const change = await this.#appending.change(box, [ready], uid)
      const gone = removal(rows)
      return (
        change && {
          puts: [...change.puts, ...gone.puts],
          counted: [...change.counted, ...gone.counted],
          answer: change.answer[0],
        }
      )
    })
  }

  store(mailbox: string, uids: readonly number[], change: FlagChange): Promise<Flagged> {
    const wanted = parseFlags(change.flags)
    return this.#ofPresent(mailbox, uids, (box, rows) => {
      const [puts, counted]: [Put[], Counted[]] = [[], []]
      const before = box.head.modseq
      const answer: Flagged = { before, changed: [], refused: [] }
      for (const row of rows) {
        const [was, uid, size] = [wasOf(row), number(row, 'uid'), number(row, 'size')]
        const after = changeFlags(was, change.mode, wanted, change.kept)
        if (was.modseq > (change.unchangedSince ?? Infinity)) answer.refused.push(uid)
        else if (after.bits === was.bits && String(after.keywords) === String(was.keywords))
          answer.changed.push(readMessage(row))
        else {
          puts.push({ uid, was, ...after })
          counted.push({ uid, size, before: was.bits, after: after.bits })
          answer.changed.push(readMessage({ ...row, ...after, modseq: before + 1 }))
        }
      }
      return { puts, counted, answer }
    })
  }

  touch(mailbox: string): Promise<void> {
    return this.#boxes.mutate(mailbox, async () => ({
      puts: [],
      counted: [],
      answer: undefined,
      touches: true,
    }))
  }

  expunge(mailbox: string, uids: readonly number[]): Promise<number[]> {
    return this.#ofPresent(mailbox, uids, (_, rows) => {
      const deleted = rows.filter((row) => (number(row, 'bits') & DELETED) !== 0)
      return { ...removal(deleted), answer: deleted.map((row) => number(row, 'uid')) }
    })
  }

  #ofPresent<R>(
    mailbox: string,
    uids: readonly number[],
    plan: (box: Box, rows: readonly Row[]) => Change<R>,
  ): Promise<R> {
    return this.#whenNothingLeaves(mailbox, async (box) => {
      const rows = await presentIn(this.#reading, box, uids)
      return rows && plan(box, rows)
    })
  }

  /** Where nothing is on its way to another mailbox: that is fixed until it has gone. */
  async #whenNothingLeaves<R>(
    mailbox: string,
    plan: (box: Box) => Promise<Change<R> | undefined>,
  ): Promise<R> {
    for (;;) {
      const planned = await this.#boxes.mutate<{ done: R } | undefined>(mailbox, async (box) => {
        if (box.leaving !== undefined) return { puts: [], counted: [], answer: undefined }
        const change = await plan(box)
        return change && { ...change, answer: { done: change.answer } }
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

/** @param also octets that the mailbox kept for a message that came elsewhere in their place */
export const removal = (rows: readonly Row[], also?: string): { puts: Put[]; counted: Counted[] } => ({
  puts: rows.map((row) => ({
    uid: number(row, 'uid'),
    was: wasOf(row),
    gone: true,
    hash: text(row, 'hash'),
    ...(also === undefined ? {} : { also }),
  })),
  counted: rows.map((row) => ({
    uid: number(row, 'uid'),
    size: number(row, 'size'),
    before: number(row, 'bits'),
    after: undefined,
  })),
})
