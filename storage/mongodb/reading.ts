import type { Changes, MessageRow, PlacedMessage } from '../port.ts'
import type { Boxes } from './boxes.ts'
import { noSuchMailbox } from './boxes.ts'
import { type Collection, slicesOf } from './collection.ts'
import type { Database } from './database.ts'
import { number, type Row, text } from './fields.ts'
import type { Indexes } from './indexes.ts'
import { asOf, isGone, messageId, Overtaken, readMessage, untilSettled } from './versions.ts'

export interface Everything {
  readonly modseq: number
  readonly rows: readonly Row[]
}

/** Of one body in one slice of an account's mailboxes; tombstones are among them. */
const CANDIDATES = 300

const byUid = (a: Row, b: Row) => number(a, 'uid') - number(b, 'uid')
const byModseq = (a: Row, b: Row) => number(a, 'modseq') - number(b, 'modseq') || byUid(a, b)

/**
 * Messages as of one head. What changed since the head was read is told by its modseq and still holds what it was; it is
 * asked for last, so that nothing can fall between two questions: what the first missed, the second finds.
 */
export class Reading {
  readonly #boxes: Boxes
  readonly #messages: Collection
  readonly #indexes: Collection
  readonly #format: Indexes

  constructor(database: Database, boxes: Boxes, format: Indexes) {
    this.#boxes = boxes
    this.#format = format
    this.#messages = database.collection('messages')
    this.#indexes = database.collection('indexes')
  }

  /** From an index alone; of the few that are being changed only whether they are there matters. */
  async uids(mailbox: string): Promise<Uint32Array> {
    const head = await this.#boxes.head(mailbox)
    if (head === undefined) return new Uint32Array()
    const fields = { _id: 0, uid: 1 } as const
    const there = await this.#messages.all(
      { mailbox, gone: false, uid: { $gt: 0 } },
      { sort: { uid: 1 }, fields },
    )
    const going = await this.#messages.all({ mailbox, modseq: { $gt: head.modseq }, gone: true }, { fields })
    const uids = new Set([...there, ...going].map((row) => number(row, 'uid')))
    return Uint32Array.from(uids)
      .filter((uid) => uid < head.uidNext)
      .sort()
  }

  page(mailbox: string, afterUid: number, limit: number): Promise<MessageRow[]> {
    return untilSettled(async () => {
      const head = await this.#boxes.head(mailbox)
      if (head === undefined) return []
      const uid = { $gt: afterUid }
      const there = await this.#messages.all({ mailbox, gone: false, uid }, { sort: { uid: 1 }, limit })
      const changing = await this.#messages.all({ mailbox, modseq: { $gt: head.modseq }, uid })
      return visible([...there, ...changing], head.modseq)
        .slice(0, limit)
        .map(readMessage)
    })
  }

  rows(mailbox: string, uids: readonly number[]): Promise<MessageRow[]> {
    return untilSettled(async () => {
      const head = await this.#boxes.head(mailbox)
      return head === undefined ? [] : (await this.documents(mailbox, uids, head.modseq)).map(readMessage)
    })
  }

  /** A document stays in its place: what is asked for by id is missed by no change. */
  async documents(mailbox: string, uids: readonly number[], modseq: number): Promise<Row[]> {
    const ids = [...new Set(uids)].map((uid) => messageId(mailbox, uid))
    return visible(await this.#messages.named(ids, { mailbox }), modseq)
  }

  /** Candidates by an index, then each as of its mailbox's head. */
  async ofBody(mailboxes: readonly string[], hash: string): Promise<PlacedMessage[]> {
    const uids = new Map<string, number[]>()
    for (const slice of slicesOf(mailboxes)) {
      const fields = { _id: 0, mailbox: 1, uid: 1 } as const
      const where = { mailbox: { $in: slice }, hash }
      for (const found of await this.#messages.all(where, { limit: CANDIDATES, fields })) {
        const mailbox = text(found, 'mailbox')
        uids.set(mailbox, [...(uids.get(mailbox) ?? []), number(found, 'uid')])
      }
    }
    const placed: PlacedMessage[] = []
    for (const [mailbox, some] of uids)
      for (const row of await this.rows(mailbox, some))
        if (row.body.hash === hash) placed.push({ mailbox, row })
    return placed
  }

  async index(mailbox: string, uid: number): Promise<Uint8Array | undefined> {
    const [row] = await this.rows(mailbox, [uid])
    if (row === undefined) return undefined
    const index = await this.#indexes.get({ _id: messageId(mailbox, uid), mailbox }, { octets: 1, sealed: 1 })
    return index && this.#format.read(index)
  }

  async indexes(mailbox: string, uids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
    const there = new Map(
      (await this.rows(mailbox, uids)).map(({ uid }) => [messageId(mailbox, uid), uid] as const),
    )
    const found = new Map<number, Uint8Array>()
    const fields = { octets: 1, sealed: 1 } as const
    for (const row of await this.#indexes.named([...there.keys()], { mailbox }, fields)) {
      const [uid, index] = [there.get(text(row, '_id')), this.#format.read(row)]
      if (uid !== undefined && index !== undefined) found.set(uid, index)
    }
    return found
  }

  changes(mailbox: string, since: number, limit: number): Promise<Changes> {
    return untilSettled(async () => {
      const head = await this.#boxes.head(mailbox)
      if (head === undefined) throw noSuchMailbox()
      const newer = await this.#newer(mailbox, since, head.modseq, limit + 1)
      const first = newer[0] === undefined ? 0 : number(newer[0], 'modseq')
      const cut = newer[limit]
      if (cut === undefined) return told(newer, head.modseq)
      // A modseq is told whole or not at all, so a cut falls between two of them; one larger than a page is told whole.
      const upTo = Math.max(first, number(cut, 'modseq') - 1)
      const whole = upTo === first ? await this.#newer(mailbox, since, head.modseq, undefined, upTo) : newer
      return told(
        whole.filter((row) => number(row, 'modseq') <= upTo),
        upTo,
      )
    })
  }

  /** Tombstones too; in order of modseq, complete up to the last that is told. */
  async #newer(
    mailbox: string,
    since: number,
    head: number,
    limit: number | undefined,
    upTo = head,
  ): Promise<Row[]> {
    const settled = await this.#messages.all(
      { mailbox, modseq: { $gt: since, $lte: upTo } },
      { sort: { modseq: 1, uid: 1 }, ...(limit === undefined ? {} : { limit }) },
    )
    const changing = await this.#messages.all({ mailbox, modseq: { $gt: head } })
    return distinct([...settled, ...changing])
      .flatMap<Row>((row) => asOf(row, head) ?? [])
      .filter((row) => number(row, 'modseq') > since)
      .sort(byModseq)
  }

  /**
   * Everything, as of the head that is answered with it: what changes while it is read is read again.
   *
   * @param earlier what it answered before, so that only what has changed since is read
   */
  async everything(mailbox: string, earlier?: Everything): Promise<Everything | undefined> {
    const known = new Map(earlier?.rows.map((row) => [number(row, 'uid'), row]))
    for (let since = earlier?.modseq ?? 0; ; ) {
      const head = await this.#boxes.head(mailbox)
      if (head === undefined) return undefined
      const fresh = await this.#messages.all({ mailbox, modseq: { $gt: since } })
      for (const row of fresh) known.set(number(row, 'uid'), row)
      try {
        const rows = [...known.values()].flatMap<Row>((row) => asOf(row, head.modseq) ?? [])
        const isComplete = (await this.#boxes.head(mailbox))?.modseq === head.modseq
        if (isComplete) return { modseq: head.modseq, rows: rows.sort(byUid) }
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error
      }
      since = head.modseq
    }
  }
}

const told = (newer: readonly Row[], modseq: number): Changes => ({
  modseq,
  changed: newer.filter((row) => !isGone(row)).map(readMessage),
  vanished: newer
    .filter(isGone)
    .map((row) => number(row, 'uid'))
    .sort((a, b) => a - b),
})

/** Of two readings of one document the later. */
const distinct = (rows: readonly Row[]): Row[] => {
  const latest = new Map<number, Row>()
  for (const row of rows) latest.set(number(row, 'uid'), row)
  return [...latest.values()]
}

const visible = (rows: readonly Row[], modseq: number): Row[] =>
  distinct(rows)
    .flatMap<Row>((row) => asOf(row, modseq) ?? [])
    .filter((row) => !isGone(row))
    .sort(byUid)
