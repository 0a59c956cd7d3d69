import type { Clock } from '../../mail/clock.ts'
import type { MailError } from '../../mail/errors.ts'
import type { Recipient, SessionFacts } from '../../plugins/api.ts'
import type { EventRecorder } from '../event-log/event-log.ts'
import { HOUR_MS, TokenBuckets } from '../token-buckets.ts'

/** Refusals of one account that are recorded in an hour; a client that asks for ever fills no disk. */
const PER_HOUR = 300
/** Recipients that a record names. */
const NAMED = 20

/** What was handed in and not taken (Gönderilemeyen İletiler): who tried, for whom, and why it was refused. */
export class RefusalRecord {
  readonly #eventLog: EventRecorder
  readonly #buckets: TokenBuckets

  constructor(eventLog: EventRecorder, clock: Clock) {
    this.#eventLog = eventLog
    this.#buckets = new TokenBuckets(PER_HOUR, HOUR_MS, clock)
  }

  async refused(
    { account, person, login }: SessionFacts,
    recipients: readonly Recipient[],
    { code, told }: MailError,
  ): Promise<void> {
    if (!this.#buckets.take(account.address)) return
    await this.#eventLog.record({
      what: 'message refused',
      by: { person: person.handle, ip: login.ip },
      account: account.address,
      person: person.handle,
      details: {
        code,
        told,
        recipients: recipients.slice(0, NAMED).map(({ kep }) => kep.address),
        count: recipients.length,
      },
    })
  }
}
