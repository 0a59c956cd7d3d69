import { z } from 'zod'
import { type AccountView, viewOf } from './account-view.ts'
import { OperationError, operation } from './operation.ts'
import { addressSchema, handleSchema, nameSchema } from './schemas.ts'

/** Adds a person (işlem yetkilisi) with every permission and without a password. */
export const personAdd = operation(
  z.strictObject({
    address: addressSchema,
    handle: handleSchema,
    name: nameSchema,
    /** T.C. Kimlik No: by it the signer of a message is found. */
    identityNumber: z.string().regex(/^[0-9]{11}$/, 'an identity number has 11 digits'),
  }),
  async ({ directory }, { address, ...person }): Promise<AccountView> => {
    // A mistyped digit would make every signature of this person a stranger's.
    if (!hasCheckDigits(person.identityNumber))
      throw new OperationError('BAD_ARGUMENTS', 'the check digits of the identity number do not fit')
    return viewOf(await directory.addPerson(address, person))
  },
)

/** The tenth digit follows from the first nine, the eleventh from the first ten. */
export function hasCheckDigits(identityNumber: string): boolean {
  const digits = [...identityNumber].map(Number)
  const sum = (all: readonly number[]): number => all.reduce((total, digit) => total + digit, 0)
  const odd = sum(digits.filter((_, index) => index % 2 === 0 && index < 9))
  const even = sum(digits.filter((_, index) => index % 2 === 1 && index < 8))
  // Seven times the one may be less than the other; 10 keeps the remainder positive.
  const tenth = (((odd * 7 - even) % 10) + 10) % 10
  return digits[0] !== 0 && digits[9] === tenth && digits[10] === sum(digits.slice(0, 10)) % 10
}
