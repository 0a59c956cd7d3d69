import { z } from 'zod'
import { accountNamed, type CreditView, viewOfPurse } from './credit-view.ts'
import { OperationError, operation } from './operation.ts'
import { addressSchema, bookingSchema, kurusSchema } from './schemas.ts'

/** Money of the balance that was paid back to the holder. */
export const creditRefund = operation(
  z.strictObject({ address: addressSchema, amount: kurusSchema, ...bookingSchema }),
  async (parts, args): Promise<CreditView> => {
    const address = await accountNamed(parts, args.address)
    const booking = { by: 'operator', note: args.note, receipt: args.receipt }
    if ((await parts.purses.refund(address, args.amount, booking)) === 'insufficient')
      throw new OperationError('NOT_AFFORDABLE', 'the balance is less')
    return viewOfPurse(parts, address)
  },
)
