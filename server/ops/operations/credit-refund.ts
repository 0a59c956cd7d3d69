import { z } from 'zod'
import { accountNamed, bookingOf, type CreditView, viewOfBooked } from './credit-view.ts'
import { change, OperationError } from './operation.ts'
import { addressSchema, bookingSchema, kurusSchema } from './schemas.ts'

/** Money of the balance that was paid back to the holder, as where an account is closed. */
export const creditRefund = change(
  'credit refund',
  z.strictObject({ address: addressSchema, amount: kurusSchema, ...bookingSchema }),
  ({ address, by, ...booked }) => ({ account: address.toLowerCase(), by, details: booked }),
  async (parts, args): Promise<CreditView> => {
    const address = await accountNamed(parts, args, 'close')
    const answer = await parts.purses.refund(address, args.amount, bookingOf(parts, args))
    if (answer === 'insufficient') throw new OperationError('NOT_AFFORDABLE', 'the balance is less')
    return viewOfBooked(parts, address, answer)
  },
)
