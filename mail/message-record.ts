import { type MessageType, messageTypeOf } from './message-type.ts'
import type { RelayedRecord } from './relayed-record.ts'
import type { SubmissionRecord } from './submission-record.ts'

/** What is known of a message, whichever way it came to us: from an account of ours, or from a peer. */
export type MessageRecord = SubmissionRecord | RelayedRecord

/** What it is for; a value that is not known counts as standart, as everywhere. */
export const typeOf = (record: MessageRecord): MessageType =>
  (record.origin === 'relay' ? record.messageType : messageTypeOf(record.header.messageType)) ?? 'standart'

/** For what only follows from a submission; a peer's dispatch there is a fault of the program. */
export function asSubmission(record: MessageRecord): SubmissionRecord {
  if (record.origin === 'relay') throw new TypeError(`${record.id} is a peer's dispatch, not a submission`)
  return record
}

/** For what only follows from a peer's dispatch. */
export function asRelayed(record: MessageRecord): RelayedRecord {
  if (record.origin !== 'relay') throw new TypeError(`${record.id} is a submission, not a peer's dispatch`)
  return record
}
