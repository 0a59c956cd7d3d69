import { flagNames } from '../flags.ts'
import { type MessageRow, type Origin, StoreError } from '../port.ts'
import type { Named } from './collection.ts'
import { number, optionalRow, optionalText, type Row, text, texts } from './fields.ts'

/**
 * A message document holds two versions of what changes: the newest, and the one `before`. Whoever reads as of a head
 * finds the older one until the change that wrote the newer is complete, and also right after that.
 */
export class Overtaken extends Error {
  override readonly name = 'Overtaken'
}

/** What a change changes. */
export interface Was {
  readonly modseq: number
  readonly bits: number
  readonly keywords: readonly string[]
}

export const messageId = (mailbox: string, uid: number): string => `${mailbox}/${uid}`

/**
 * The message as of a head, tombstones too; undefined where it was not there yet.
 *
 * @throws Overtaken where it changed twice since: the head is to be read again
 */
export function asOf(row: Row, modseq: number): Row | undefined {
  if (number(row, 'modseq') <= modseq) return row
  const before = optionalRow(row, 'before')
  if (before === undefined) return undefined
  if (number(before, 'modseq') > modseq) throw new Overtaken()
  return { ...row, ...before, gone: false }
}

/** Reads until nobody overtakes it. */
export async function untilSettled<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
    }
  }
}

export const isGone = (row: Row): boolean => row['gone'] === true

export const wasOf = (row: Row): Was => ({
  modseq: number(row, 'modseq'),
  bits: number(row, 'bits'),
  keywords: texts(row, 'keywords'),
})

export const readMessage = (row: Row): MessageRow => {
  const delivery = optionalRow(row, 'delivery')
  return {
    uid: number(row, 'uid'),
    modseq: number(row, 'modseq'),
    flags: flagNames(number(row, 'bits'), texts(row, 'keywords').join(' ')),
    size: number(row, 'size'),
    date: number(row, 'date'),
    saved: number(row, 'saved'),
    body: { hash: text(row, 'hash'), size: number(row, 'bodySize') },
    origin: readOrigin(text(row, 'origin')),
    delivery: delivery && {
      intake: text(delivery, 'intake'),
      recipient: number(delivery, 'recipient'),
      contentStart: number(delivery, 'contentStart'),
      contentEnd: number(delivery, 'contentEnd'),
    },
  }
}

function readOrigin(origin: string): Origin {
  if (origin === 'pipeline' || origin === 'client') return origin
  throw new StoreError('CORRUPT', `a message of the unknown origin ${origin}`)
}

const joinOf = (mailbox: string, key: string) => `${mailbox}\0${key}`

export const messageDocument = (
  mailbox: string,
  { uid, modseq, size, date, saved, body, origin, delivery }: MessageRow,
  { bits, keywords }: { bits: number; keywords: readonly string[] },
  { opId, joinKey }: { opId: string; joinKey: string | undefined },
): Named => ({
  _id: messageId(mailbox, uid),
  mailbox,
  uid,
  modseq,
  gone: false,
  bits,
  keywords: [...keywords],
  size,
  date,
  saved,
  hash: body.hash,
  bodySize: body.size,
  origin,
  delivery: delivery === undefined ? null : { ...delivery },
  opId,
  ...(joinKey === undefined ? {} : { join: joinOf(mailbox, joinKey) }),
  before: null,
})

export const joined = (mailbox: string, key: string) => ({ mailbox, join: joinOf(mailbox, key), gone: false })

export const joinKeyOf = (row: Row): string | undefined =>
  optionalText(row, 'join')?.slice(text(row, 'mailbox').length + 1)

/** A tombstone keeps UID and operation id. */
export const tombstone = (mailbox: string, uid: number, modseq: number, opId: string): Named => ({
  _id: messageId(mailbox, uid),
  mailbox,
  uid,
  modseq,
  gone: true,
  opId,
  before: null,
})
