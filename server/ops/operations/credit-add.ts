import { z } from 'zod'
import { dayIn, endOf } from '../../../mail/calendar.ts'
import { UNIT_KINDS } from '../../../mail/tariff.ts'
import { accountNamed, bookingOf, type CreditView, viewOfBooked } from './credit-view.ts'
import { change, type Described, OperationError } from './operation.ts'
import { addressSchema, bookingSchema, kurusSchema } from './schemas.ts'

/** More in one package is a mistake. */
const MAX_UNITS = 100_000_000

const schema = z.union([
  z.strictObject({
    address: addressSchema,
    package: z.enum(UNIT_KINDS),
    units: z.number().int().positive().max(MAX_UNITS),
    /** Its last day, by the calendar of accounts.zone. */
    until: z.iso.date().optional(),
    /** Taken from the balance; 0 where it was paid otherwise. */
    price: kurusSchema.or(z.literal(0)).default(0),
    ...bookingSchema,
  }),
  z.strictObject({ address: addressSchema, deposit: kurusSchema, ...bookingSchema }),
])

/** Books a package or money; what was booked under this receipt before is told as `repeated`. */
export const creditAdd = change('credit add', schema, describe, async (parts, args): Promise<CreditView> => {
  const { purses, clock, closingTerm } = parts
  const address = await accountNamed(parts, args, 'deposit' in args ? 'deposit' : 'buy-tariff')
  const booking = bookingOf(parts, args)
  if ('deposit' in args) {
    const answer = await purses.deposit(address, args.deposit, booking)
    if (answer === 'too-much') throw new OperationError('PURSE_FULL', 'a purse holds no such sum')
    return viewOfBooked(parts, address, answer)
  }
  const until = args.until === undefined ? undefined : lastInstantOf(args.until, closingTerm.zone)
  if (until !== undefined && until <= clock.now())
    throw new OperationError('BAD_ARGUMENTS', `${args.until} is over`)
  const request = { unit: args.package, units: args.units, price: args.price, until: until?.toISOString() }
  const answer = await purses.buyPackage(address, request, booking)
  if (answer === 'insufficient')
    throw new OperationError('NOT_AFFORDABLE', 'the balance does not cover the package')
  if (answer === 'too-many') throw new OperationError('PURSE_FULL', 'a purse holds no more packages')
  return viewOfBooked(parts, address, answer)
})

function describe({ address, by, ...booked }: z.output<typeof schema>): Described {
  return { account: address.toLowerCase(), by, details: booked }
}

const lastInstantOf = (day: string, zone: string): Date =>
  endOf(dayIn('UTC', new Date(`${day}T12:00:00Z`)), zone)
