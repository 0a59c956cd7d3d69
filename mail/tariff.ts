/** What a message costs, by its type and size. Money is whole kuruş everywhere: no fraction is ever rounded. */
import type { MessageType } from './message-type.ts'

export { MESSAGE_TYPES, type MessageType } from './message-type.ts'

export const UNIT_KINDS = ['kep', 'eYazisma', 'sms'] as const
/** Kinds of prepaid units (kontör). */
export type UnitKind = (typeof UNIT_KINDS)[number]

export interface Tariff {
  readonly types: Readonly<Record<MessageType, TypePrice>>
  /** A notice by SMS. */
  readonly sms: { readonly units: number; readonly price: number }
  /** What becomes of the charge for a recipient whom the message did not reach. */
  readonly undelivered: Undelivered
}

export type Undelivered = 'give-back' | 'charge'

export interface TypePrice {
  readonly unit: Exclude<UnitKind, 'sms'>
  /** In order of size. */
  readonly bands: readonly Band[]
}

export interface Band {
  /** Octets of the signed message as submitted; the band ends with them. */
  readonly upTo: number
  readonly units: number
  /** Kuruş, where no units are left. */
  readonly price: number
}

/** Of one message for one recipient, or of one notice. */
export interface Cost {
  readonly unit: UnitKind
  readonly units: number
  /** Kuruş. */
  readonly price: number
}

/** Throws RangeError beyond the last band, which a checked configuration excludes. */
export function costOf({ types }: Tariff, type: MessageType, size: number): Cost {
  const { unit, bands } = types[type]
  const band = bands.find(({ upTo }) => size <= upTo)
  if (band === undefined) throw new RangeError(`no band of ${type} holds ${size} octets`)
  return { unit, units: band.units, price: band.price }
}

export const smsCost = ({ sms }: Tariff): Cost => ({ unit: 'sms', ...sms })
