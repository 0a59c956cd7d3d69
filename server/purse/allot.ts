import { readPositions } from '../../mail/positions.ts'
import type { Cost } from '../../mail/tariff.ts'
import { type Purse, usable } from './document.ts'
import { BALANCE, type Hold, type Take } from './ledger.ts'

/**
 * What each recipient is paid with, in their order: units as long as there are enough for a whole recipient, be it of
 * several packages, then money. undefined where that does not do for all. Time grows with packages, not with recipients.
 */
export function allot(
  purse: Purse,
  { unit, units, price }: Cost,
  recipients: number,
  at: Date,
): Hold[] | undefined {
  const holds: Hold[] = []
  let next = 1
  const pay = (count: number, takes: readonly Take[]): void => {
    const last = next + count - 1
    holds.push({ positions: count === 1 ? `${next}` : `${next}-${last}`, takes })
    next = last + 1
  }
  let begun: Take[] = [] // of a recipient for whom one package was not enough
  for (const { id, left } of usable(purse, unit, at)) {
    let rest = left
    if (begun.length > 0) {
      const amount = Math.min(rest, units - sum(begun))
      begun.push({ from: id, unit, amount })
      rest -= amount
      if (sum(begun) < units) continue
      pay(1, begun)
      begun = []
    }
    const whole = Math.min(recipients - next + 1, Math.floor(rest / units))
    if (whole > 0) pay(whole, [{ from: id, unit, amount: units }])
    if (next > recipients) return holds
    rest -= whole * units
    if (rest > 0) begun = [{ from: id, unit, amount: rest }]
  }
  const left = recipients - next + 1
  if (left > 0) {
    if (purse.balance < left * price) return undefined
    pay(left, [{ from: BALANCE, unit: 'kurus', amount: price }])
  }
  return holds
}

const sum = (takes: readonly Take[]): number => takes.reduce((all, { amount }) => all + amount, 0)

/** For all recipients together. */
export const totalOf = (holds: readonly Hold[]): Take[] =>
  holds.flatMap(({ positions, takes }) => {
    const count = readPositions(positions).length
    return takes.map((take) => ({ ...take, amount: take.amount * count }))
  })
