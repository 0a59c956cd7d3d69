import type { Permission } from '../../../mail/account.ts'
import type { Booking } from '../../purse/bookings.ts'
import type { Package } from '../../purse/document.ts'
import { requireRight } from './acting-person.ts'
import { OperationError, type OperationParts } from './operation.ts'

/** A purse as operators see it. Money in kuruş. */
export interface CreditView {
  readonly address: string
  readonly balance: number
  /** Set aside for messages whose outcome is not known yet; of packages it stands with each. */
  readonly reserved: number
  readonly packages: readonly Package[]
  /** The same was booked under this receipt before, and nothing was booked now. */
  readonly repeated?: true
}

export async function viewOfPurse({ purses }: OperationParts, address: string): Promise<CreditView> {
  const { balance, reserved, packages } = await purses.view(address)
  return { address, balance, reserved, packages }
}

/** The purse after a booking. Throws where its receipt stands for something else. */
export async function viewOfBooked(
  parts: OperationParts,
  address: string,
  answer: 'booked' | 'repeated' | 'receipt-used',
): Promise<CreditView> {
  if (answer === 'receipt-used')
    throw new OperationError(
      'RECEIPT_USED',
      'bu makbuzla başka bir işlem yapılmış / something else was booked under this receipt',
    )
  const view = await viewOfPurse(parts, address)
  return answer === 'repeated' ? { ...view, repeated: true } : view
}

interface Asked {
  readonly address: string
  readonly by?: string | undefined
}

/** As the store keeps it. Rejects with NOT_FOUND, or where the person who asks has not this right. */
export async function accountNamed(
  { directory }: OperationParts,
  { address, by }: Asked,
  right?: Permission,
): Promise<string> {
  const account = await directory.get(address.toLowerCase())
  if (account === undefined)
    throw new OperationError('NOT_FOUND', `böyle bir hesap yok / there is no account ${address}`)
  if (right !== undefined) requireRight(account, by, right)
  return account.address
}

/** Who books it, as the journal names them. */
export const bookingOf = (
  { operator }: OperationParts,
  { by, note, receipt }: Omit<Booking, 'by'> & Pick<Asked, 'by'>,
): Booking => ({
  by: by === undefined ? `operator/${operator}` : `operator/${operator} person/${by}`,
  note,
  receipt,
})
