import { z } from 'zod'
import { type AccountView, viewOf } from './account-view.ts'
import { operation } from './operation.ts'
import { addressSchema, nameSchema } from './schemas.ts'

/** Makes an account without persons. Fails with the codes of AccountDirectory.create. */
export const accountCreate = operation(
  z.strictObject({
    address: addressSchema,
    holder: nameSchema,
    kind: z.enum(['natural', 'legal', 'public', 'other']).default('natural'),
    service: z.enum(['send-receive', 'receive-only']).default('send-receive'),
    /** Octets. */
    quota: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
  }),
  async ({ directory, clock, defaultQuota }, { quota = defaultQuota, ...account }): Promise<AccountView> =>
    viewOf(await directory.create({ ...account, quota }, clock.now())),
)
