import { z } from 'zod'
import { accountNamed, type CreditView, viewOfPurse } from './credit-view.ts'
import { operation } from './operation.ts'
import { addressSchema } from './schemas.ts'

export const creditShow = operation(
  z.strictObject({ address: addressSchema }),
  async (parts, args): Promise<CreditView> => viewOfPurse(parts, await accountNamed(parts, args)),
)
