import type { UnitKind } from '../../mail/tariff.ts'
import { BALANCE, type LedgerEntry, type Take, type Taken } from './ledger.ts'

/** What an account has: one document, changed by compare-and-set alone. It does not grow with messages. */
export interface Purse {
  readonly packages: readonly Package[]
  /** Kuruş. */
  readonly balance: number
  /** Kuruş that are set aside. */
  readonly reserved: number
  /** When something was set aside for a message last, ms. */
  readonly lastReserved?: number
  /** Number of the next entry. */
  readonly next: number
  /** The entries of the last change: durable with it, and copied into the ledger before the next. */
  readonly outbox: readonly LedgerEntry[]
}

export interface Package {
  readonly id: string
  readonly unit: UnitKind
  readonly bought: number
  readonly left: number
  /** Units of it that are set aside. */
  readonly held: number
  /** The instant at which it ends, ISO 8601; undefined: never. */
  readonly until?: string
}

export const EMPTY_PURSE: Purse = { packages: [], balance: 0, reserved: 0, next: 1, outbox: [] }

/** Packages that are not used up; beyond this a purse would be slow to change. */
export const MAX_PACKAGES = 100

/** Packages of this kind from which units can be taken, in the order in which they are: the one that ends first, first. */
export const usable = (purse: Purse, unit: UnitKind, at: Date): Package[] =>
  purse.packages
    .filter((one) => one.unit === unit && one.left > 0 && !hasEnded(one, at))
    .sort((a, b) => endOf(a) - endOf(b)) // stable: of two that end together the older first

const endOf = ({ until }: Package): number =>
  until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until)

export const hasEnded = (one: Package, at: Date): boolean => endOf(one) <= at.getTime()

export const setAside = (purse: Purse, takes: readonly Take[]): Purse => moved(purse, takes, -1, 1)
export const giveBack = (purse: Purse, takes: readonly Take[]): Purse => moved(purse, takes, 1, -1)
export const useHeld = (purse: Purse, takes: readonly Take[]): Purse => moved(purse, takes, 0, -1)
export const useNow = (purse: Purse, takes: readonly Take[]): Purse => moved(purse, takes, -1, 0)

/** A package that was used up meanwhile is in the purse again. */
export function putBack(purse: Purse, taken: readonly Taken[]): Purse {
  const missing = taken
    .filter(({ from }) => from !== BALANCE && purse.packages.every(({ id }) => id !== from))
    .flatMap(({ from: id, unit, bought = 0, until }) =>
      unit === 'kurus'
        ? []
        : [{ id, unit, bought, left: 0, held: 0, ...(until === undefined ? {} : { until }) }],
    )
  return moved({ ...purse, packages: [...purse.packages, ...missing] }, taken, 1, 0)
}

/** Packages that are used up, and of which nothing can come back, are in the ledger alone. */
function moved(purse: Purse, takes: readonly Take[], left: number, held: number): Purse {
  const sums = new Map<string, number>()
  for (const { from, amount } of takes) sums.set(from, (sums.get(from) ?? 0) + amount)
  const money = sums.get(BALANCE) ?? 0
  return {
    ...purse,
    balance: purse.balance + left * money,
    reserved: purse.reserved + held * money,
    packages: purse.packages
      .map((one) => {
        const units = sums.get(one.id) ?? 0
        return { ...one, left: one.left + left * units, held: one.held + held * units }
      })
      .filter((one) => one.left > 0 || one.held > 0),
  }
}
