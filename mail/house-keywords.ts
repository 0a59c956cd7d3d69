/**
 * Keywords that the provider sets on messages so that every client can see what only the evidence says. Whoever reads them
 * believes us, so nobody else sets or clears one.
 */
import type { MessageType } from './message-type.ts'

/** Keywords that begin with this, in any case, are the provider's alone. */
export const HOUSE_PREFIX = '$KEP'

/** Evidence proves that it reached every recipient. */
export const DELIVERED = '$KEPDelivered'
/** Evidence proves that every recipient read it. */
export const READ = '$KEPRead'
/** At least one recipient will not get it. */
export const FAILED = '$KEPFailed'
/** Of those who will not get it, at least one because a provider refused it. */
export const REJECTED = '$KEPRejected'

/** What a message is for, as its header says (İleti Tipi). */
export const typeKeyword = (type: MessageType): string => `$KEPType-${type}`

/** With this begins what says where a message in the trash was before. */
export const CAME_FROM = `${HOUSE_PREFIX}From-`

/** Where a message in the trash was before: a MAILBOXID, which stays whatever the mailbox is called. [RFC 8474 §4] */
export const cameFromKeyword = (mailboxId: string): string => `${CAME_FROM}${mailboxId}`

export const isHouseKeyword = (flag: string): boolean =>
  flag.slice(0, HOUSE_PREFIX.length).toLowerCase() === HOUSE_PREFIX.toLowerCase()
