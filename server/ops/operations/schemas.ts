import { z } from 'zod'
import { ISTANBUL } from '../../../config/values.ts'
import { PERMISSIONS } from '../../../mail/account.ts'
import { type Day, endOf, startOf } from '../../../mail/calendar.ts'
import { IDENTITY_TYPES, isIdentityNumber } from '../../../mail/holder-identity.ts'

/** [RFC 5321 §4.5.3.1.3] */
export const addressSchema = z.string().min(3).max(254)
export const handleSchema = z.string().min(1).max(63)
/** As people read it; a name longer than this is a mistake. */
export const nameSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\x00-\x1f\x7f]*$/, 'a name has no control characters')
/** Message-IDs may be as long as a line. [RFC 5322 §2.1.1] */
export const idSchema = z.string().min(1).max(998)
const FORMS = 'expected a day (2026-11-22) or a time with its zone (2026-11-22T09:00:00+03:00)'
const instant = z.iso.datetime({ offset: true, error: FORMS }).transform((text) => Date.parse(text))
const day = z.iso.date().transform((text): Day => {
  const [year = 0, month = 0, date = 0] = text.split('-').map(Number)
  return { year, month, day: date }
})
/** ISO 8601: a day means its beginning here, or an instant. */
export const timeSchema = z.union([day.transform((from) => startOf(from, ISTANBUL).getTime()), instant], {
  error: FORMS,
})
/** ISO 8601: a day means the whole of it, or an instant. */
export const untilSchema = z.union([day.transform((to) => endOf(to, ISTANBUL).getTime()), instant], {
  error: FORMS,
})
/** Of the daemon's machine. */
export const folderSchema = z.string().startsWith('/', 'expected an absolute path').max(4096)
/** Octets. */
export const octetsSchema = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
export const permissionsSchema = z.array(z.enum(PERMISSIONS)).max(PERMISSIONS.length)
/** Checked by its check digits where its type has some. */
export const identitySchema = z
  .strictObject({ type: z.enum(IDENTITY_TYPES), number: z.string().min(1).max(30) })
  .refine(isIdentityNumber, 'numara türüne uymuyor / the number is none of its type')
/** Why something was done, for who reads the record. */
export const reasonSchema = nameSchema
/** Money: whole kuruş, and more than ten million TL at once is a mistake. */
export const kurusSchema = z.number().int().positive().max(1_000_000_000)
/** The person of the account who asks, why something is booked, and the number under which it is booked once. */
export const bookingSchema = {
  by: handleSchema.optional(),
  note: nameSchema.optional(),
  receipt: z
    .string()
    .regex(/^[\x21-\x7e]{1,100}$/, 'a receipt has 1 to 100 printable characters')
    .optional(),
}
