import { randomId } from '../../../mail/ids.ts'
import { encodeIndex } from '../../../mail/mime-codec.ts'
import type { MimeIndex } from '../../../mail/mime-part.ts'
import { SENT } from '../../accounts/standard-mailboxes.ts'
import { receiveMessage } from '../../received-message.ts'
import { sentJoinKey } from '../../sent-join-key.ts'
import { command } from '../command.ts'
import type { Cursor } from '../cursor.ts'
import { parseDateTime } from '../dates.ts'
import { bad, no } from '../failure.ts'
import { DELETED, flagList } from '../flags.ts'
import { refuseClientMessage } from '../origins.ts'
import { requireSpace } from '../quota.ts'
import { rightFor } from '../rights.ts'

export interface AppendHead {
  readonly name: string
  readonly flags: readonly string[]
  /** ms. */
  readonly date: number | undefined
}

/** Everything before the message. [RFC 9051 §6.3.12] */
export function appendHead(cursor: Cursor): AppendHead {
  cursor.space()
  const name = cursor.astring()
  cursor.space()
  const flags = cursor.sees('(') ? flagList(cursor) : []
  if (cursor.text[cursor.position - 1] === ')') cursor.space()
  const date = cursor.sees('"') ? parseDateTime(cursor.string()) : undefined
  if (date !== undefined) cursor.space()
  cursor.announcement()
  return { name, flags, date }
}

/** The message streams to the store; memory does not grow with it (I8). */
export const append = command({
  name: 'APPEND',
  state: 'authenticated',
  sync: 'all',
  parse: appendHead,
  run: async (session, head) => {
    session.requireWritable()
    session.require('write')
    if (head.flags.includes(DELETED)) session.require('delete')
    const { store, limits, clock } = session.parts
    const target = await session.target(session.name(head.name))
    refuseClientMessage(target)
    session.require(rightFor(target.name))
    const literal = session.literal
    if (literal === undefined) throw bad('A message is missing')
    if (literal.size === 0) throw bad('The message is empty')
    if (literal.size > limits.appendMax) throw no('TOOBIG', 'The message is too large')
    await requireSpace(session, target, literal.size)
    const received = await receiveMessage(literal.octets(), {
      blobs: store.blobs,
      maxBytes: limits.appendMax,
      limits: limits.mimeLimits,
      taps: [],
    })
    const { staged, index } = received
    try {
      await literal.finish()
      // A literal of IMAP cannot carry NUL, so such a message could never be fetched as it is. [RFC 9051 §4.3.1]
      if (received.wire.nul) throw no('UNKNOWN-CTE', 'The message has a NUL octet')
      const now = clock.now().getTime()
      const joinKey = target.name === SENT ? joinKeyOf(index, received.bodyDigest) : undefined
      const appended = await store.mailboxes.append(target.id, {
        opId: randomId('append'),
        body: staged.ref,
        staged: [staged],
        index: encodeIndex(index),
        flags: head.flags,
        date: head.date ?? now,
        saved: now,
        origin: 'client',
        ...(joinKey === undefined ? {} : { joinKey }),
      })
      return `[APPENDUID ${appended.uidValidity} ${appended.uid}] APPEND done`
    } finally {
      await staged.discard()
    }
  },
})

/** A client's copy of what it sent is the copy that the provider files: one message, whichever comes first. */
function joinKeyOf(index: MimeIndex, bodyDigest: string): string | undefined {
  const messageId = index.root.envelope?.messageId
  return messageId === undefined ? undefined : sentJoinKey(messageId, bodyDigest)
}
