import { DELETED, SEEN } from '../flags.ts'
import type { MailboxHead } from '../port.ts'
import { number, type Row } from './fields.ts'

export const HEAD = {
  uidValidity: 1,
  uidNext: 1,
  modseq: 1,
  exists: 1,
  unseen: 1,
  deleted: 1,
  bytes: 1,
} as const

export const readHead = (row: Row): MailboxHead => ({
  uidValidity: number(row, 'uidValidity'),
  uidNext: number(row, 'uidNext'),
  modseq: number(row, 'modseq'),
  exists: number(row, 'exists'),
  unseen: number(row, 'unseen'),
  deleted: number(row, 'deleted'),
  bytes: number(row, 'bytes'),
})

/** What one message counted before a change, and counts after it. */
export interface Counted {
  readonly uid: number
  readonly size: number
  /** System flags; undefined where it is not there. */
  readonly before: number | undefined
  readonly after: number | undefined
}

/** Sums of what is there, moved by what changes: nobody counts a mailbox. */
export function headAfter(
  head: MailboxHead,
  counted: readonly Counted[],
  touches?: true,
): { -readonly [K in keyof MailboxHead]: number } {
  const after = { ...head, modseq: head.modseq + (counted.length > 0 || touches ? 1 : 0) }
  const count = (bits: number | undefined, size: number, sign: 1 | -1) => {
    if (bits === undefined) return
    after.exists += sign
    after.unseen += (bits & SEEN) === 0 ? sign : 0
    after.deleted += (bits & DELETED) === 0 ? 0 : sign
    after.bytes += sign * size
  }
  for (const { uid, size, before, after: now } of counted) {
    count(before, size, -1)
    count(now, size, 1)
    after.uidNext = Math.max(after.uidNext, uid + 1)
  }
  return after
}

/** As it would be if these messages were gone. */
export function headWithout(head: MailboxHead, messages: Iterable<Row>): MailboxHead {
  const counted = [...messages].map((row) => ({
    uid: number(row, 'uid'),
    size: number(row, 'size'),
    before: number(row, 'bits'),
    after: undefined,
  }))
  return { ...headAfter(head, counted), modseq: head.modseq }
}
