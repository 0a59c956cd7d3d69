import { parseFlags } from '../flags.ts'
import type { Appended, NewMessage } from '../port.ts'
import type { Box, Change } from './boxes.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { number, type Row } from './fields.ts'
import type { Counted } from './heads.ts'
import type { StoredIndex } from './indexes.ts'
import type { Keeping } from './keeping.ts'
import { inPut, type Put } from './plans.ts'
import { joined, messageDocument } from './versions.ts'

/** A message with its index as it is stored. */
export interface ReadyMessage extends Omit<NewMessage, 'index'> {
  readonly index: StoredIndex
}

/** What puts new messages into a mailbox, their octets kept before. */
export class Appending {
  readonly #messages: Collection
  readonly #keeping: Keeping

  constructor(database: Database, keeping: Keeping) {
    this.#messages = database.collection('messages')
    this.#keeping = keeping
  }

  /**
   * @param without a message of this mailbox that goes in the same change: nothing joins it
   * @returns undefined where what was read is of another state than the box
   */
  async change(
    box: Box,
    messages: readonly ReadyMessage[],
    without?: number,
  ): Promise<Change<Appended[]> | undefined> {
    const [puts, counted, answer]: [Put[], Counted[], Appended[]] = [[], [], []]
    const fresh: { readonly message: ReadyMessage; readonly answer: Appended }[] = []
    const { uidValidity } = box.head
    const modseq = box.head.modseq + 1
    for (const message of messages) {
      const same = fresh.find((one) => isSame(one.message, message))
      const known = same === undefined ? await this.#known(box.id, message, without) : undefined
      if (known !== undefined && number(known, 'modseq') > box.head.modseq) return undefined
      const there = same?.answer ?? (known && { uid: number(known, 'uid'), modseq: number(known, 'modseq') })
      if (there !== undefined) {
        answer.push({ uid: there.uid, uidValidity, modseq: there.modseq, added: false })
        continue
      }
      await this.keep(box.id, message, modseq)
      const uid = box.head.uidNext + fresh.length
      const flags = parseFlags(message.flags)
      const row = { ...message, uid, modseq, size: message.body.size, delivery: message.delivery }
      const document = messageDocument(box.id, row, flags, { opId: message.opId, joinKey: message.joinKey })
      puts.push({ uid, document, ...inPut(message.index) })
      counted.push({ uid, size: message.body.size, before: undefined, after: flags.bits })
      const appended = { uid, uidValidity, modseq, added: true }
      fresh.push({ message, answer: appended })
      answer.push(appended)
    }
    return { puts, counted, answer }
  }

  /** A tombstone too: what was expunged does not come back when its append is repeated. */
  byOperation(mailbox: string, opId: string): Promise<Row | undefined> {
    return this.#messages.get({ mailbox, opId }, { uid: 1, modseq: 1 })
  }

  async #known(
    mailbox: string,
    { opId, joinKey }: ReadyMessage,
    without: number | undefined,
  ): Promise<Row | undefined> {
    const same = await this.byOperation(mailbox, opId)
    if (same !== undefined || joinKey === undefined) return same
    const other = without === undefined ? {} : { uid: { $ne: without } }
    return this.#messages.get({ ...joined(mailbox, joinKey), ...other }, { uid: 1, modseq: 1 })
  }

  /** For the change of a mailbox that has this modseq. */
  async keep(
    mailbox: string,
    { body, staged }: Pick<NewMessage, 'body' | 'staged'>,
    modseq: number,
  ): Promise<void> {
    const keeper = `mailbox/${mailbox}` as const
    const claim = { by: keeper, modseq }
    for (const blob of staged)
      if (blob.ref.hash === body.hash) await this.#keeping.bring(blob, keeper, claim)
      else await this.#keeping.bring(blob, 'archive', undefined)
    if (!staged.some(({ ref }) => ref.hash === body.hash)) await this.#keeping.keep(body, keeper, claim)
  }
}

const isSame = (a: ReadyMessage, b: ReadyMessage): boolean =>
  a.opId === b.opId || (a.joinKey !== undefined && a.joinKey === b.joinKey)
