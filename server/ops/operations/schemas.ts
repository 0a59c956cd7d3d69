import { z } from 'zod'

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
/** ISO 8601: a day (its beginning in UTC) or an instant. */
export const timeSchema = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })])
  .transform((text) => Date.parse(text))
