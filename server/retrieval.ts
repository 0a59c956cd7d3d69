import type { KepAccount, Login, Person } from '../mail/account.ts'
import type { DeliveryLink } from '../storage/port.ts'

/** Who reads, in an IMAP session after login. */
export interface ReadingSession {
  readonly login: Login
  readonly account: KepAccount
  readonly person: Person
  /** As the client named itself (ID), cut to 100 printable characters; empty where it did not. */
  readonly clientName: string
}

/**
 * Makes a reading durable before an octet of the original's content leaves (okundu delili). Whoever sends content
 * awaits this first; a TSA that is slow or away delays nobody, because signing comes later.
 */
export interface Retrievals {
  /** `trigger` is the command as evidence shows it, for instance `FETCH BODY[]`. Repeating it changes nothing. */
  read(session: ReadingSession, delivery: DeliveryLink, trigger: string): Promise<void>
  /** Whether content of this delivery was read (or counts as read), so that search and preview may look into it. */
  wasRead(delivery: DeliveryLink): Promise<boolean>
  /** `content`: sending an octet makes it read. `seen`: only setting \Seen does. */
  readonly rule: 'content' | 'seen'
}
