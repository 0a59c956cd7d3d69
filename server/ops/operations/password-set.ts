import { z } from 'zod'
import { DEVELOPMENT_PASSWORD } from '../../development/identities.ts'
import { change, OperationError } from './operation.ts'
import { addressSchema, handleSchema } from './schemas.ts'

/** Guessing is bounded by the delays of login; below this a bound would not help. */
const MIN_PRODUCTION_LENGTH = 10
/** What login looks at; a longer one would be cut there and never match. */
const MAX_LENGTH = 1024

/** For the only person, where no handle is given. */
export const passwordSet = change(
  'password set',
  z.strictObject({
    address: addressSchema,
    person: handleSchema.optional(),
    password: z.string().min(1).max(MAX_LENGTH),
  }),
  ({ address, person }) => ({ account: address.toLowerCase(), person }),
  async ({ directory, mode }, { address, person, password }): Promise<{ address: string }> => {
    if (
      mode === 'production' &&
      (password === DEVELOPMENT_PASSWORD || password.length < MIN_PRODUCTION_LENGTH)
    )
      throw new OperationError(
        'WEAK_PASSWORD',
        `a password has at least ${MIN_PRODUCTION_LENGTH} characters in production`,
      )
    await directory.setPassword(address, person, password)
    return { address: address.toLowerCase() }
  },
)
