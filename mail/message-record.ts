import type { RelayedRecord } from './relayed-record.ts'
import type { SubmissionRecord } from './submission-record.ts'

/** What is known of a message, whichever way it came to us: from an account of ours, or from a peer. */
export type MessageRecord = SubmissionRecord | RelayedRecord
