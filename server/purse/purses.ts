import type { Clock } from '../../mail/clock.ts'
import { costOf, MESSAGE_TYPES, type MessageType, smsCost, type Tariff } from '../../mail/tariff.ts'
import { type Store, StoreError } from '../../storage/port.ts'
import type { Events } from '../ops/events.ts'
import { allot } from './allot.ts'
import { type Booking, buyPackage, deposit, type PackageRequest, receiptSubject, refund } from './bookings.ts'
import { EMPTY_PURSE, type Purse } from './document.ts'
import { HOLD_MS, type Marker, markerKey } from './marker.ts'
import { abandon, reserve, settle } from './message-acts.ts'
import { PurseWriter } from './purse-writer.ts'
import { giveBackSms, smsBackSubject, smsSubject, takeSms } from './sms-acts.ts'

export interface PursesParts {
  readonly store: Pick<Store, 'purses' | 'ledger' | 'reservations'>
  readonly clock: Clock
  readonly events: Pick<Events, 'purse'>
  /** As it is now; undefined: everything is free, and nothing here reads or writes for a message. */
  readonly tariff: () => Tariff | undefined
  /** While it says no, no package is taken away because its time is up; certain where nobody says. */
  readonly clockIsCertain?: () => boolean
}

export interface Sending {
  readonly account: string
  readonly intake: string
  readonly messageId: string
  readonly type: MessageType
  /** Octets of the signed message as submitted. */
  readonly size: number
  readonly recipients: number
  /** The person who sends, as `person/<handle>`. */
  readonly by: string
}

/** What a message may go on with: nothing is to be paid, or it is set aside until its outcome is known. */
export type Held = 'free' | { readonly account: string; readonly intake: string; readonly marker: string }

/** The purses of all accounts (kontör and balance): what is set aside, paid and given back, and what is bought. */
export class Purses {
  readonly #parts: PursesParts
  readonly #writer: PurseWriter

  constructor(parts: PursesParts) {
    this.#parts = parts
    this.#writer = new PurseWriter(parts.store, parts.clock, parts.clockIsCertain ?? (() => true))
  }

  /**
   * Whether a message of this size could be paid, whatever its type; the last word is {@link reserve}. Who has sent within
   * the window may be repeating what was paid already, and is believed.
   */
  async couldAfford(account: string, size: number, recipients: number, windowMs: number): Promise<boolean> {
    const tariff = this.#parts.tariff()
    if (tariff === undefined || recipients === 0) return true
    const purse = await this.view(account)
    const at = this.#parts.clock.now()
    if (purse.lastReserved !== undefined && purse.lastReserved >= at.getTime() - windowMs) return true
    const could = MESSAGE_TYPES.some((type) => {
      const known = tariff.types[type].bands.some(({ upTo }) => size <= upTo)
      return !known || allot(purse, costOf(tariff, type, size), recipients, at) !== undefined
    })
    if (!could) this.#parts.events.purse('insufficient')
    return could
  }

  /**
   * Sets aside what the message costs, right before it is accepted; undefined where the purse does not cover it, and then
   * nothing is left. A mark is durable first: should nothing come of the message, the sweep finds it and gives back. Rejects with StoreError VOIDED where it has done so already.
   */
  async reserve({ account, size, recipients, type, ...about }: Sending): Promise<Held | undefined> {
    const { clock, store, events } = this.#parts
    const tariff = this.#parts.tariff()
    if (tariff === undefined) return 'free'
    const cost = costOf(tariff, type, size)
    const at = clock.now()
    if (allot(await this.view(account), cost, recipients, at) === undefined) {
      events.purse('insufficient')
      return undefined
    }
    const { intake } = about
    const marker = markerKey(at.getTime() + HOLD_MS, intake)
    await store.reservations.put(marker, JSON.stringify({ account, intake } satisfies Marker), 0)
    const request = { ...about, type, cost, recipients, undelivered: tariff.undelivered }
    const answer = await this.#writer.do(account, [intake], reserve(request))
    if (answer === 'reserved') {
      events.purse('reserved')
      return { account, intake, marker }
    }
    await store.reservations.remove(marker, 1)
    if (answer === 'void') throw new StoreError('VOIDED', `intake ${intake} was given up`)
    events.purse('insufficient')
    return undefined
  }

  /** Nothing comes of the message: it is a duplicate, or was given up. */
  async release(held: Held): Promise<void> {
    if (held === 'free') return
    await this.abandon(held.account, held.intake)
    await this.#parts.store.reservations.remove(held.marker, 1)
  }

  /** What is set aside for an intake that is void goes back. Repeated, it changes nothing. */
  async abandon(account: string, intake: string): Promise<void> {
    const answer = await this.#writer.do(account, [intake], abandon(intake))
    if (answer === 'given-back') this.#parts.events.purse('released')
  }

  /** The transport outcome of one recipient; each position once. */
  async settle(
    account: string,
    intake: string,
    position: number,
    outcome: { readonly delivered: boolean; readonly to: string },
  ): Promise<void> {
    const answer = await this.#writer.do(account, [intake], settle(intake, position, outcome))
    if (answer === 'unknown') throw new Error(`nothing was set aside for ${intake}`)
    if (answer !== 'known') this.#parts.events.purse(answer)
  }

  /**
   * One notice by SMS, paid once by its key (printable, at most 200 characters); false where neither units nor balance
   * cover it, or it was given back. Without a tariff it is free.
   */
  async takeSms(account: string, key: string): Promise<boolean> {
    const tariff = this.#parts.tariff()
    if (tariff === undefined) return true
    if (!/^[\x21-\x7e]{1,200}$/.test(key)) throw new RangeError('a key of 1 to 200 printable characters')
    const taken = await this.#writer.do(account, smsSubjects(key), takeSms(key, smsCost(tariff)))
    this.#parts.events.purse(taken ? 'sms' : 'insufficient')
    return taken
  }

  /** The notice of this key was not sent, and is given up: what was taken for it goes back, once. */
  async giveBackSms(account: string, key: string): Promise<void> {
    const answer = await this.#writer.do(account, smsSubjects(key), giveBackSms(key))
    if (answer === 'given-back') this.#parts.events.purse(answer)
  }

  deposit(account: string, amount: number, booking: Booking) {
    return this.#writer.do(account, subjectsOf(booking), deposit(amount, booking))
  }

  refund(account: string, amount: number, booking: Booking) {
    return this.#writer.do(account, subjectsOf(booking), refund(amount, booking))
  }

  buyPackage(account: string, request: PackageRequest, booking: Booking) {
    return this.#writer.do(account, subjectsOf(booking), buyPackage(request, booking))
  }

  async view(account: string): Promise<Purse> {
    const row = await this.#parts.store.purses.get(account)
    return row === undefined ? EMPTY_PURSE : JSON.parse(row.document)
  }

  /** Copies entries that stand in outboxes into the ledger: of purses that were changed here, or of this one. */
  flush(account?: string): Promise<void> {
    return account === undefined ? this.#writer.flush() : this.#writer.empty(account)
  }
}

const subjectsOf = ({ receipt }: Booking): string[] =>
  receipt === undefined ? [] : [receiptSubject(receipt)]
const smsSubjects = (key: string): string[] => [smsSubject(key), smsBackSubject(key)]
