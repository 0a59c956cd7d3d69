/** What sending costs. Absent: nothing, and no account has a purse. */
import { z } from 'zod'
import { octets } from './values.ts'

/** Kuruş (1 TL is 100); beyond this it is a mistake. */
const kurus = z.number().int().nonnegative().max(100_000_000)
const units = z.number().int().positive().max(10_000)

const bands = z
  .array(
    z.strictObject({
      /** Octets of the signed message as submitted. */
      upTo: octets,
      /** Units (kontör) per recipient. */
      units,
      /** Per recipient, where no units are left. */
      price: kurus,
    }),
  )
  .min(1)
  .max(100)
  .refine(
    (all) => all.every(({ upTo }, index) => index === 0 || upTo > (all[index - 1]?.upTo ?? 0)),
    'bands stand in order of size',
  )

const messageType = (unit: 'kep' | 'eYazisma') =>
  z.strictObject({
    /** Which units it takes. */
    unit: z.enum(['kep', 'eYazisma']).default(unit),
    bands,
  })

export const tariff = z.strictObject({
  /** By X-TR-REM-iletiTip. The last band of each holds the largest message that is taken. */
  types: z.strictObject({
    standart: messageType('kep'),
    eYazisma: messageType('eYazisma'),
    eTebligat: messageType('kep'),
  }),
  /** One notice by SMS. */
  sms: z.strictObject({ units: units.default(1), price: kurus }),
  /** What a recipient costs whom the message did not reach. Unverified. */
  undelivered: z.enum(['give-back', 'charge']).default('give-back'),
})
