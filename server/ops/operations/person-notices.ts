import { z } from 'zod'
import { changePerson } from '../../accounts/persons.ts'
import { EMAIL_ADDRESS } from '../../notify/email.ts'
import { NUMBER } from '../../notify/sms-http.ts'
import { type AccountView, viewOf } from './account-view.ts'
import { change } from './operation.ts'
import { addressSchema, handleSchema } from './schemas.ts'

/**
 * SMS ve e-posta bilgilendirme: where the person is told of new mail from now on; nowhere where nothing is given. The
 * record says which ways were chosen, not the address and the number.
 */
export const personNotices = change(
  'person notices',
  z.strictObject({
    address: addressSchema,
    handle: handleSchema,
    email: z.string().regex(EMAIL_ADDRESS, 'expected NAME@DOMAIN').optional(),
    phone: z.string().regex(NUMBER, 'expected +90…').optional(),
  }),
  ({ address, handle, email, phone }) => ({
    account: address.toLowerCase(),
    person: handle,
    details: { email: email !== undefined, phone: phone !== undefined },
  }),
  async ({ directory }, { address, handle, email, phone }): Promise<AccountView> =>
    viewOf(
      await directory.change(address, (account) => {
        const told = {
          ...(email === undefined ? {} : { email }),
          ...(phone === undefined ? {} : { phone }),
        }
        return changePerson(account, handle, ({ notices: _, ...person }) =>
          Object.keys(told).length === 0 ? person : { ...person, notices: told },
        )
      }),
    ),
)
