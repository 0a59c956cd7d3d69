import { randomUUID } from 'node:crypto'
import { type MailboxHead, StoreError } from '../../../storage/port.ts'
import type { BoxDocument, Disk, Leaving, MessageDocument, MessageVersion, Pend } from './disk.ts'
import { Documents, type Process } from './documents.ts'

export const noSuchMailbox = () => new StoreError('NO_SUCH_MAILBOX', 'the mailbox is gone')

/** What a change wants, computed from a state that nobody is changing. */
export interface Plan<R> {
  readonly puts: readonly MessageVersion[]
  readonly answer: R
  /** Set where the change ends a move out of this mailbox. */
  readonly ends?: string
  /** Set where the modseq rises though no message changes. */
  readonly touches?: true
}

/**
 * The change of a mailbox in single-document writes. Plan from the complete state; compare-and-set the plan into the
 * mailbox as `pend`; write the messages, each with what readers see until then; move the head and drop the pend. From
 * the second write on anybody can complete the change, any number of times, at once: so there is no lock to wait for
 * and nothing to void. Readers see only what lies at or below the head's modseq.
 */
export class Boxes {
  readonly documents: Documents<BoxDocument>
  readonly messages: Documents<MessageDocument>

  constructor(disk: Disk, process: Process) {
    this.documents = new Documents(disk.boxes, process)
    this.messages = new Documents(disk.messages, process, [
      // Operation ids are unique also among tombstones: what was expunged does not come back when its append is repeated.
      ({ mailbox, now }) => `op/${mailbox}/${now.opId}`,
      ({ mailbox, now }) =>
        now.joinKey === undefined || now.gone ? undefined : `join/${mailbox}/${now.joinKey}`,
    ])
  }

  async get(id: string): Promise<BoxDocument | undefined> {
    const box = await this.documents.get(id)
    return box === undefined || box.gone ? undefined : box
  }

  /** All messages, tombstones too, as of one head; in order of UID. */
  async snapshot(id: string): Promise<{ box: BoxDocument; rows: MessageVersion[] } | undefined> {
    for (;;) {
      const box = await this.get(id)
      if (box === undefined) return undefined
      const documents = await this.messages.select(({ mailbox }) => mailbox === id)
      if ((await this.get(id))?.modseq !== box.modseq) continue // it moved meanwhile: what was read is of two states
      const rows = documents.flatMap(({ now, before }) => {
        const seen = now.modseq <= box.modseq ? now : before
        return seen === undefined ? [] : [seen]
      })
      return { box, rows: rows.sort((a, b) => a.uid - b.uid) }
    }
  }

  async mutate<R>(
    id: string,
    plan: (box: BoxDocument, rows: readonly MessageVersion[]) => Plan<R>,
  ): Promise<R> {
    for (;;) {
      const state = await this.snapshot(id)
      if (state === undefined) throw noSuchMailbox()
      const { box, rows } = state
      if (box.pend !== undefined) {
        await this.complete(id, box.pend)
        continue
      }
      const { puts, answer, ends, touches } = plan(box, rows)
      const leaving = ends !== undefined && box.leaving?.id === ends ? undefined : box.leaving
      const pend = { opId: randomUUID(), puts, head: headAfter(box, rows, puts, touches), leaving }
      const begun = await this.documents.change(id, (current) => {
        if (current.version !== box.version) return undefined
        if (puts.length === 0 && leaving === box.leaving && !touches) return current
        return { ...current, version: current.version + 1, pend }
      })
      if (begun === undefined) continue
      if (begun.pend === pend) await this.complete(id, pend)
      return answer
    }
  }

  /** Safe at any time, for anyone, however often. */
  async complete(id: string, pend: Pend): Promise<void> {
    for (const put of pend.puts) {
      const key = `${id}/${put.uid}`
      const written = await this.messages.change(key, ({ mailbox, now }) =>
        now.modseq < put.modseq ? { mailbox, now: put, before: now } : undefined,
      )
      if (written === undefined) await this.messages.insert(key, { mailbox: id, now: put, before: undefined })
    }
    await this.documents.change(id, (box) =>
      box.pend?.opId === pend.opId
        ? { ...box, ...pend.head, version: box.version + 1, pend: undefined, leaving: pend.leaving }
        : undefined,
    )
  }

  /** Where nothing leaves yet: whatever is to leave is fixed in one write, and nothing else changes it until it is gone. */
  async leave(box: BoxDocument, leaving: Leaving): Promise<boolean> {
    const begun = await this.documents.change(box.id, (current) =>
      current.version === box.version && current.pend === undefined && current.leaving === undefined
        ? { ...current, version: current.version + 1, leaving }
        : undefined,
    )
    return begun !== undefined
  }

  async stay(id: string, leaving: Leaving): Promise<void> {
    await this.documents.change(id, (box) =>
      box.leaving?.id === leaving.id && box.pend === undefined
        ? { ...box, version: box.version + 1, leaving: undefined }
        : undefined,
    )
  }

  async sweep(id: string): Promise<void> {
    for (const { now } of await this.messages.select(({ mailbox }) => mailbox === id))
      await this.messages.delete(`${id}/${now.uid}`)
    await this.documents.delete(id)
  }
}

function headAfter(
  box: BoxDocument,
  rows: readonly MessageVersion[],
  puts: readonly MessageVersion[],
  touches?: true,
): MailboxHead {
  const known = new Map(rows.map((row) => [row.uid, row]))
  const head = {
    uidValidity: box.uidValidity,
    uidNext: box.uidNext,
    modseq: box.modseq + (puts.length > 0 || touches ? 1 : 0),
    exists: box.exists,
    unseen: box.unseen,
    deleted: box.deleted,
    bytes: box.bytes,
  }
  const count = (row: MessageVersion | undefined, sign: 1 | -1) => {
    if (row === undefined || row.gone) return
    head.exists += sign
    head.unseen += row.flags.includes('\\Seen') ? 0 : sign
    head.deleted += row.flags.includes('\\Deleted') ? sign : 0
    head.bytes += sign * row.size
  }
  for (const put of puts) {
    count(known.get(put.uid), -1)
    count(put, 1)
    head.uidNext = Math.max(head.uidNext, put.uid + 1)
  }
  return head
}
