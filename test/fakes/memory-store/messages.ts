import { randomUUID } from 'node:crypto'
import {
  type Appended,
  type BlobStore,
  type Changes,
  type CopyResult,
  type FlagChange,
  type FlagsOnTheWay,
  type MailboxStore,
  type MessageRow,
  type NewMessage,
  type PlacedMessage,
  type Stored,
  StoreError,
  type WithoutTextFilter,
} from '../../../storage/port.ts'
import { type Boxes, noSuchMailbox, type Plan } from './boxes.ts'
import type { Arriving, BoxDocument, Leaving, MessageVersion } from './disk.ts'
import { distinctFlags, flagsAfter, flagsThere } from './flags.ts'

type Messages = Omit<
  MailboxStore,
  'create' | 'delete' | 'rename' | 'list' | 'byName' | 'subscribe' | 'subscriptions' | 'head' | 'ofBody'
>

export class MemoryMessages implements Messages {
  readonly #boxes: Boxes
  readonly #blobs: BlobStore
  readonly #listeners = new Set<(mailbox: string) => void>()

  constructor(boxes: Boxes, blobs: BlobStore) {
    this.#boxes = boxes
    this.#blobs = blobs
  }

  async uids(mailbox: string): Promise<Uint32Array> {
    return Uint32Array.from(await this.#present(mailbox), (row) => row.uid)
  }

  marks(mailbox: string, afterUid: number, limit: number): Promise<MessageRow[]> {
    return this.page(mailbox, afterUid, limit)
  }

  async page(mailbox: string, afterUid: number, limit: number): Promise<MessageRow[]> {
    const rows = await this.#present(mailbox)
    return rows
      .filter((row) => row.uid > afterUid)
      .slice(0, limit)
      .map(rowOf)
  }

  async rows(mailbox: string, uids: readonly number[]): Promise<MessageRow[]> {
    const wanted = new Set(uids)
    return (await this.#present(mailbox)).filter((row) => wanted.has(row.uid)).map(rowOf)
  }

  async ofBody(mailboxes: readonly string[], hash: string): Promise<PlacedMessage[]> {
    const placed: PlacedMessage[] = []
    for (const mailbox of mailboxes)
      for (const version of await this.#present(mailbox))
        if (version.body.hash === hash) placed.push({ mailbox, row: rowOf(version) })
    return placed
  }

  async index(mailbox: string, uid: number): Promise<Uint8Array | undefined> {
    return (await this.#present(mailbox)).find((row) => row.uid === uid)?.index
  }

  async indexes(mailbox: string, uids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
    return new Map(pick(await this.#present(mailbox), uids).map(({ uid, index }) => [uid, index]))
  }

  async textFilters(mailbox: string, uids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
    const rows = pick(await this.#present(mailbox), uids)
    return new Map(
      rows.flatMap(({ uid, textFilter }) => (textFilter === undefined ? [] : [[uid, textFilter] as const])),
    )
  }

  async setTextFilters(mailbox: string, filters: ReadonlyMap<number, Uint8Array>): Promise<void> {
    for (const [uid, textFilter] of filters) await this.#setTextFilter(mailbox, uid, textFilter)
  }

  async #setTextFilter(mailbox: string, uid: number, textFilter: Uint8Array | undefined): Promise<void> {
    await this.#boxes.messages.change(`${mailbox}/${uid}`, ({ now, before, ...rest }) =>
      now.gone
        ? undefined
        : { ...rest, now: { ...now, textFilter }, before: before && { ...before, textFilter } },
    )
  }

  async withoutTextFilter(mailbox: string, afterUid: number, limit: number): Promise<WithoutTextFilter> {
    const looked = (await this.#present(mailbox)).filter(({ uid }) => uid > afterUid).slice(0, limit)
    return {
      uids: looked.filter(({ textFilter }) => textFilter === undefined).map(({ uid }) => uid),
      next: looked.length < limit ? undefined : looked.at(-1)?.uid,
    }
  }

  async clearTextFilters(mailbox: string): Promise<number> {
    const filtered = (await this.#present(mailbox)).filter((row) => row.textFilter !== undefined)
    for (const { uid } of filtered) await this.#setTextFilter(mailbox, uid, undefined)
    return filtered.length
  }

  async changes(mailbox: string, since: number, limit: number): Promise<Changes> {
    const state = await this.#boxes.snapshot(mailbox)
    if (state === undefined) throw noSuchMailbox()
    const newer = state.rows
      .filter((row) => row.modseq > since)
      .sort((a, b) => a.modseq - b.modseq || a.uid - b.uid)
    const first = newer[0]?.modseq ?? 0
    const cut = newer[limit]?.modseq
    const upTo = cut === undefined ? state.box.modseq : Math.max(first, cut - 1)
    const told = newer.filter((row) => row.modseq <= upTo)
    return {
      modseq: upTo,
      changed: told.filter((row) => !row.gone).map(rowOf),
      vanished: told
        .filter((row) => row.gone)
        .map((row) => row.uid)
        .sort((a, b) => a - b),
    }
  }

  async append(mailbox: string, message: NewMessage): Promise<Appended> {
    return (await this.appendAll(mailbox, [message]))[0]!
  }

  async appendAll(mailbox: string, messages: readonly NewMessage[]): Promise<Appended[]> {
    try {
      for (const message of messages) await this.#hold(message)
      return await this.#boxes.mutate(mailbox, (box, rows) => arrivalOf(box, rows, messages.map(arriving)))
    } finally {
      await this.#letGo(messages)
      this.tell(mailbox)
    }
  }

  async replace(from: string, uid: number, to: string, message: NewMessage): Promise<Appended | undefined> {
    try {
      await this.#hold(message)
      return await (from === to
        ? this.#replaceIn(from, uid, message)
        : this.#replaceBy(from, uid, to, message))
    } finally {
      await this.#letGo([message])
      this.tell(from)
      this.tell(to)
    }
  }

  async #hold({ opId, body, staged }: NewMessage): Promise<void> {
    const own = staged.find(({ ref }) => ref.hash === body.hash)
    for (const blob of staged) await this.#blobs.save(blob, blob === own ? `hold/append ${opId}` : 'archive')
    if (own === undefined) await this.#blobs.keep(body, `hold/append ${opId}`)
  }

  /** From here on a mailbox keeps it by having the message, or nobody. */
  async #letGo(messages: readonly NewMessage[]): Promise<void> {
    for (const { opId } of messages) await this.#blobs.release(`hold/append ${opId}`)
  }

  #replaceIn(mailbox: string, uid: number, message: NewMessage): Promise<Appended | undefined> {
    return this.#whenNothingLeaves(mailbox, (box, rows): Plan<Appended | undefined> => {
      const gone = pick(rows, [uid]).map((row) => ({ ...row, gone: true, modseq: box.modseq + 1 }))
      const isKnown = rows.some((row) => row.opId === message.opId)
      if (!isKnown && gone.length === 0) return { puts: [], answer: undefined }
      const others = rows.filter((row) => isKnown || row.uid !== uid)
      const { puts, answer } = arrivalOf(box, others, [arriving(message)])
      return {
        // What goes is first: its join key is free then.
        puts: isKnown ? [] : [...gone, ...puts],
        answer: answer[0],
      }
    })
  }

  async #replaceBy(
    from: string,
    uid: number,
    to: string,
    message: NewMessage,
  ): Promise<Appended | undefined> {
    const brings = arriving(message)
    for (;;) {
      const source = await this.#boxes.snapshot(from)
      const target = await this.#boxes.snapshot(to)
      if (source === undefined || target === undefined) throw noSuchMailbox()
      if (source.box.leaving !== undefined) await this.finishMove(from, source.box.leaving)
      if (source.box.pend !== undefined) await this.#boxes.complete(from, source.box.pend)
      if (target.rows.some((row) => row.opId === brings.opId)) return this.#bring(to, brings)
      if (pick(source.rows, [uid]).length === 0) return undefined
      const leaving: Leaving = { id: randomUUID(), to, saved: brings.saved, uids: [uid], brings }
      if (!(await this.#boxes.leave(source.box, leaving))) continue
      const arrived = await this.#finish(from, leaving, () => this.#bring(to, brings))
      if (arrived === undefined) throw noSuchMailbox()
      return arrived
    }
  }

  #bring(to: string, message: Arriving): Promise<Appended> {
    return this.#boxes.mutate(to, (box, rows): Plan<Appended> => {
      const { puts, answer } = arrivalOf(box, rows, [message])
      return { puts, answer: answer[0]! }
    })
  }

  async store(mailbox: string, uids: readonly number[], change: FlagChange): Promise<Stored> {
    const stored = await this.#whenNothingLeaves(mailbox, (box, rows) => {
      const puts: MessageVersion[] = []
      const changed: MessageRow[] = []
      const refused: number[] = []
      for (const row of pick(rows, uids)) {
        const flags = flagsAfter(row.flags, change)
        if (row.modseq > (change.unchangedSince ?? Infinity)) refused.push(row.uid)
        else if (flags === row.flags) changed.push(rowOf(row))
        else {
          const put = { ...row, flags, modseq: box.modseq + 1 }
          puts.push(put)
          changed.push(rowOf(put))
        }
      }
      return { puts, answer: { before: box.modseq, changed, refused } }
    })
    this.tell(mailbox)
    return stored
  }

  async touch(mailbox: string): Promise<void> {
    await this.#boxes.mutate(mailbox, () => ({ puts: [], answer: undefined, touches: true }))
    this.tell(mailbox)
  }

  async expunge(mailbox: string, uids: readonly number[]): Promise<number[]> {
    const gone = await this.#whenNothingLeaves(mailbox, (box, rows) => {
      const puts = pick(rows, uids)
        .filter((row) => row.flags.includes('\\Deleted'))
        .map((row) => ({ ...row, gone: true, modseq: box.modseq + 1 }))
      return { puts, answer: puts.map((row) => row.uid) }
    })
    this.tell(mailbox)
    return gone
  }

  async copy(
    from: string,
    uids: readonly number[],
    to: string,
    saved: number,
    change?: FlagsOnTheWay,
  ): Promise<CopyResult> {
    const source = await this.#boxes.snapshot(from)
    if (source === undefined) throw noSuchMailbox()
    const id = `copy/${randomUUID()}`
    const result = await this.#copyInto(to, pick(source.rows, uids), { id, saved, change })
    this.tell(to)
    return result
  }

  async move(
    from: string,
    uids: readonly number[],
    to: string,
    saved: number,
    change?: FlagsOnTheWay,
  ): Promise<CopyResult> {
    for (;;) {
      const source = await this.#boxes.snapshot(from)
      if (source === undefined) throw noSuchMailbox()
      if (source.box.leaving !== undefined) await this.finishMove(from, source.box.leaving)
      if (source.box.pend !== undefined) await this.#boxes.complete(from, source.box.pend)
      const present = pick(source.rows, uids).map((row) => row.uid)
      const leaving: Leaving = { id: randomUUID(), to, saved, uids: present, change }
      if (!(await this.#boxes.leave(source.box, leaving))) continue
      const result = await this.#finish(from, leaving, () => this.#copied(from, leaving))
      if (result === undefined) throw noSuchMailbox()
      this.tell(to)
      this.tell(from)
      return result
    }
  }

  /**
   * Into the target first, out of the source second: in between a message is in both, never in none. Each is one
   * change of one mailbox and idempotent, so whoever meets a move on its way completes it.
   *
   * @returns undefined where the target was deleted: the messages stay
   */
  async #finish<R>(from: string, leaving: Leaving, arrive: () => Promise<R>): Promise<R | undefined> {
    try {
      const arrived = await arrive()
      await this.#boxes.mutate(from, (box, current) => ({
        puts:
          box.leaving?.id === leaving.id
            ? pick(current, leaving.uids).map((row) => ({ ...row, gone: true, modseq: box.modseq + 1 }))
            : [],
        answer: undefined,
        ends: leaving.id,
      }))
      return arrived
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'NO_SUCH_MAILBOX') throw error
      await this.#boxes.stay(from, leaving)
      return undefined
    }
  }

  async #copied(from: string, { id, to, saved, uids, change }: Leaving): Promise<CopyResult> {
    const rows = pick((await this.#boxes.snapshot(from))?.rows ?? [], uids)
    return this.#copyInto(to, rows, { id: `move/${id}`, saved, change })
  }

  /** Whoever began it. */
  async finishMove(from: string, leaving: Leaving): Promise<void> {
    const { to, brings } = leaving
    if (brings === undefined) await this.#finish(from, leaving, () => this.#copied(from, leaving))
    else await this.#finish(from, leaving, () => this.#bring(to, brings))
  }

  /** Under one operation id, so that it can be repeated: the answer names also what was copied by an earlier attempt. */
  #copyInto(
    to: string,
    sources: readonly MessageVersion[],
    { id, saved, change }: Pick<Leaving, 'id' | 'saved' | 'change'>,
  ): Promise<CopyResult> {
    return this.#boxes.mutate(to, (box, rows): Plan<CopyResult> => {
      const prefix = `${id}/`
      const known = new Map(rows.map((row) => [row.opId, row.uid]))
      const fresh = sources.filter((row) => !known.has(prefix + row.uid))
      const puts = fresh.map(
        (row, position): MessageVersion => ({
          ...row,
          flags: flagsThere(row.flags, change),
          uid: box.uidNext + position,
          modseq: box.modseq + 1,
          saved,
          opId: prefix + row.uid,
          joinKey: undefined,
        }),
      )
      const pairs = [...rows, ...puts]
        .filter((row) => row.opId.startsWith(prefix))
        .map((row): [number, number] => [Number(row.opId.slice(prefix.length)), row.uid])
      return { puts, answer: { uidValidity: box.uidValidity, pairs } }
    })
  }

  async #whenNothingLeaves<R>(
    mailbox: string,
    plan: (box: BoxDocument, rows: readonly MessageVersion[]) => Plan<R>,
  ): Promise<R> {
    for (;;) {
      const planned = await this.#boxes.mutate<{ leaving: Leaving } | { answer: R }>(mailbox, (box, rows) => {
        if (box.leaving !== undefined) return { puts: [], answer: { leaving: box.leaving } }
        const { puts, answer } = plan(box, rows)
        return { puts, answer: { answer } }
      })
      if ('answer' in planned) return planned.answer
      await this.finishMove(mailbox, planned.leaving)
    }
  }

  async #present(mailbox: string): Promise<MessageVersion[]> {
    const state = await this.#boxes.snapshot(mailbox)
    return state === undefined ? [] : state.rows.filter((row) => !row.gone)
  }

  watch(listener: (mailbox: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  tell(mailbox: string): void {
    for (const listener of this.#listeners) listener(mailbox)
  }
}

const arriving = ({ staged: _, ...message }: NewMessage): Arriving => message

/** New messages under the next UIDs; one that is known by its operation or its join key is that one. */
function arrivalOf(
  box: BoxDocument,
  rows: readonly MessageVersion[],
  messages: readonly Arriving[],
): Plan<Appended[]> {
  const puts: MessageVersion[] = []
  const answer = messages.map((message): Appended => {
    const all = [...rows, ...puts]
    const known =
      all.find((row) => row.opId === message.opId) ??
      all.find((row) => !row.gone && row.joinKey !== undefined && row.joinKey === message.joinKey)
    const { uid, modseq } = known ?? { uid: box.uidNext + puts.length, modseq: box.modseq + 1 }
    if (known === undefined)
      puts.push({
        ...message,
        uid,
        modseq,
        flags: distinctFlags(message.flags),
        size: message.body.size,
        delivery: message.delivery,
        joinKey: message.joinKey,
        textFilter: undefined,
        gone: false,
      })
    return { uid, uidValidity: box.uidValidity, modseq, added: known === undefined }
  })
  return { puts, answer }
}

function pick(rows: readonly MessageVersion[], uids: readonly number[]): MessageVersion[] {
  const wanted = new Set(uids)
  return rows.filter((row) => !row.gone && wanted.has(row.uid))
}

const rowOf = ({
  opId: _,
  joinKey: __,
  index: ___,
  textFilter: ____,
  gone: _____,
  ...row
}: MessageVersion): MessageRow => row
