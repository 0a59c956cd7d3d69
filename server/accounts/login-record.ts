import type { Login } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import type { EventTeller } from '../event-log/event-log.ts'
import { HOUR_MS, TokenBuckets } from '../token-buckets.ts'

/** Logins of one person that are recorded in an hour, good and bad apart: clients reconnect, and guessers never tire. */
const PER_HOUR = 100

export interface LoginTold extends Pick<Login, 'account' | 'handle' | 'ip' | 'method'> {
  readonly service: 'smtp' | 'imap'
}

/**
 * Oturum açma kaydı: each login of a person, from where and how, and why one was refused. Beyond so many an hour one record
 * says that there were more. What cannot be recorded keeps nobody from reading (I11).
 */
export class LoginRecord {
  readonly #eventLog: EventTeller
  readonly #good: TokenBuckets
  readonly #bad: TokenBuckets
  /** One in ten minutes says that there were more. */
  readonly #more: TokenBuckets

  constructor(eventLog: EventTeller, clock: Clock) {
    this.#eventLog = eventLog
    this.#good = new TokenBuckets(PER_HOUR, HOUR_MS, clock)
    this.#bad = new TokenBuckets(PER_HOUR, HOUR_MS, clock)
    this.#more = new TokenBuckets(1, HOUR_MS / 6, clock)
  }

  async good(login: LoginTold): Promise<void> {
    await this.#tell('login', login, this.#good, {})
  }

  async refused(login: LoginTold, because: string): Promise<void> {
    await this.#tell('login refused', login, this.#bad, { because })
  }

  async #tell(what: string, login: LoginTold, buckets: TokenBuckets, details: object): Promise<void> {
    const { account, handle, ip, method, service } = login
    const person = `${account}/${handle}`
    const isOneMore = !buckets.take(person)
    if (isOneMore && !this.#more.take(`${what} ${person}`)) return
    await this.#eventLog.tell({
      what,
      by: { person: handle, ip },
      account,
      person: handle,
      details: { service, method, ...details, ...(isOneMore ? { andMore: true } : {}) },
    })
  }
}
