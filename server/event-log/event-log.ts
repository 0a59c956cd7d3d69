import { yearsAfter } from '../../mail/calendar.ts'
import type { Clock } from '../../mail/clock.ts'
import { randomId } from '../../mail/ids.ts'
import type { ChainEntry, Store } from '../../storage/port.ts'
import { ChainArchive, EVENT_CHAIN } from '../archive/chain-archive.ts'

/** Who did it: an operator, perhaps because a person of the account asked; a person; time or the provider itself. */
export interface Actor {
  readonly operator?: string
  readonly person?: string
  /** Of the person. */
  readonly ip?: string
  readonly system?: true
}

export const SYSTEM: Actor = { system: true }

/**
 * One thing that happened (olay kaydı). `details` are small and say nothing of contents: ids, codes, names of mailboxes,
 * what was changed. They may name persons; the chain is kept like evidence and shown to those who may ask.
 */
export interface LoggedEvent {
  /** `account close`, `login`, `mail moved`, … */
  readonly what: string
  readonly by: Actor
  /** The account that it is about. */
  readonly account?: string | undefined
  /** The person of that account. */
  readonly person?: string | undefined
  readonly details?: Readonly<Record<string, unknown>>
}

export interface RecordedEvent extends LoggedEvent {
  readonly sequence: number
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
}

export interface EventFilter {
  /** ms since 1970, half-open. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly account?: string | undefined
  readonly person?: string | undefined
}

/** What records need of the log: whoever only writes cannot read. */
export type EventRecorder = Pick<EventLog, 'record'>
export type EventTeller = Pick<EventLog, 'tell'>

export interface EventLogParts {
  readonly store: Store
  readonly clock: Clock
  readonly keepYears: number
  /** As {@link ChainArchive} has it. */
  readonly owner?: string | undefined
  /** What was told and could not be recorded. */
  readonly lost: (error: unknown) => void
}

/** Longer nobody waits for a record of what happens anyway. */
const LONGEST_TELL_MS = 2_000

/**
 * The second chain, in the same discipline as evidence: logins, what persons did to mail, permissions, acts of operators,
 * starts and outages. A record is durable before what it tells of is done or told; after a crash it may tell of a change
 * that was not made, never the other way round.
 */
export class EventLog {
  readonly #store: Store
  readonly #clock: Clock
  readonly #archive: ChainArchive
  readonly #keepYears: number
  readonly #lost: (error: unknown) => void

  constructor({ store, clock, keepYears, owner, lost }: EventLogParts) {
    this.#store = store
    this.#clock = clock
    this.#archive = new ChainArchive(store, clock, EVENT_CHAIN, owner)
    this.#keepYears = keepYears
    this.#lost = lost
  }

  /** What nobody may be kept from: where it cannot be recorded soon, the operator hears of it instead. Never rejects. */
  async tell(event: LoggedEvent): Promise<void> {
    const late = AbortSignal.timeout(LONGEST_TELL_MS)
    const tooLate = new Promise<void>((resolve) => late.addEventListener('abort', () => resolve()))
    await Promise.race([this.record(event).then(() => {}, this.#lost), tooLate])
  }

  /** Durable when it resolves; what it tells of is done only then. */
  async record(event: LoggedEvent): Promise<{ readonly id: string }> {
    const at = this.#clock.now()
    const id = randomId('olay')
    const octets = Buffer.from(JSON.stringify({ id, at: at.toISOString(), ...event }))
    const entry = {
      eventId: id,
      bytes: octets,
      intake: undefined,
      meta: JSON.stringify({ what: event.what }),
      parties: partiesOf(event),
      at: at.getTime(),
      keepUntil: yearsAfter(at, this.#keepYears),
    }
    await this.#archive.append(entry)
    return { id }
  }

  /** As {@link ChainArchive.seal} has it. */
  seal(upTo: number, seal: Uint8Array): Promise<void> {
    return this.#archive.seal(upTo, seal)
  }

  /** In order; of a person only where the account is named too. */
  async list(filter: EventFilter, afterSeq: number, limit: number): Promise<RecordedEvent[]> {
    const { from, to, account, person } = filter
    const party = account === undefined ? undefined : partyOf(account, person)
    const wanted = {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(party === undefined ? {} : { party }),
    }
    return (await this.#store.chain.list(EVENT_CHAIN, wanted, afterSeq, limit)).map(eventIn)
  }
}

export const eventIn = ({ seq, bytes }: ChainEntry): RecordedEvent => ({
  sequence: seq,
  ...JSON.parse(Buffer.from(bytes).toString()),
})

const partyOf = (account: string, person: string | undefined): string =>
  person === undefined ? account : `${account}/${person}`

function partiesOf({ account, person }: LoggedEvent): string[] {
  if (account === undefined) return []
  return person === undefined ? [account] : [account, partyOf(account, person)]
}
