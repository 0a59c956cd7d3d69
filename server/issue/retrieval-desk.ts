import type { Clock } from '../../mail/clock.ts'
import { randomId } from '../../mail/ids.ts'
import type { EventFacts } from '../../plugins/events.ts'
import type { DeliveryLink, NewWork, Store } from '../../storage/port.ts'
import type { Events } from '../ops/events.ts'
import type { ReadingSession, Retrievals } from '../retrieval.ts'
import { type PersonId, shownPerson } from '../smtp/submission-record.ts'
import type { EventPayload } from './steps.ts'

/** Deliveries remembered as read, so that the second FETCH of a message asks nobody. */
const REMEMBERED = 20_000

/**
 * Writes down who read first. The row `reading` is set once, by this or by the deadline; a reading after the deadline
 * gets a row of its own beside it and evidence too.
 */
export class RetrievalDesk implements Retrievals {
  readonly rule: 'content' | 'seen'
  readonly #store: Store
  readonly #clock: Clock
  readonly #events: Events
  readonly #personId: PersonId
  readonly #read = new Map<string, true>()

  constructor(parts: {
    store: Store
    clock: Clock
    events: Events
    personId: PersonId
    rule: 'content' | 'seen'
  }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#events = parts.events
    this.#personId = parts.personId
    this.rule = parts.rule
  }

  async read(session: ReadingSession, delivery: DeliveryLink, trigger: string): Promise<void> {
    if (this.#read.has(keyOf(delivery))) return
    const at = this.#clock.now()
    const facts: EventFacts = {
      id: randomId('ev'),
      hook: 'retrieved',
      at: at.toISOString(),
      recipient: delivery.recipient,
      reader: {
        account: session.account.address,
        person: { handle: session.person.handle, shown: shownPerson(session.person, this.#personId) },
        loginAt: new Date(session.login.at).toISOString(),
        method: session.login.method,
        ip: session.login.ip,
        client: session.clientName,
        trigger,
      },
    }
    const row = (slot: string): NewWork => ({
      intake: delivery.intake,
      recipient: delivery.recipient,
      slot,
      kind: 'issue',
      due: at.getTime(),
      payload: JSON.stringify({ facts } satisfies EventPayload),
    })
    const { work } = this.#store
    const [first] = await work.insert([row('reading')])
    if (first !== true && (await this.#expired(delivery))) await work.insert([row('late-reading')])
    if (first === true) this.#events.retrieved()
    this.#remember(delivery)
  }

  async wasRead(delivery: DeliveryLink): Promise<boolean> {
    if (this.#read.has(keyOf(delivery))) return true
    const row = await this.#store.work.get(delivery.intake, delivery.recipient, 'reading')
    if (row === undefined) return false
    if (!hasExpired(row.payload)) return true
    return (await this.#store.work.get(delivery.intake, delivery.recipient, 'late-reading')) !== undefined
  }

  async #expired(delivery: DeliveryLink): Promise<boolean> {
    const row = await this.#store.work.get(delivery.intake, delivery.recipient, 'reading')
    return row !== undefined && hasExpired(row.payload)
  }

  #remember(delivery: DeliveryLink): void {
    this.#read.set(keyOf(delivery), true)
    const oldest = this.#read.keys().next().value
    if (this.#read.size > REMEMBERED && oldest !== undefined) this.#read.delete(oldest)
  }
}

const keyOf = ({ intake, recipient }: DeliveryLink): string => `${intake}/${recipient}`

function hasExpired(payload: string): boolean {
  const { facts }: EventPayload = JSON.parse(payload)
  return facts.hook === 'retrieval_expired'
}
