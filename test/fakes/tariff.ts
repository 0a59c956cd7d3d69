import type { ConfigInput } from '../../config/schema.ts'

/** Small numbers that are easy to add up: a message up to 10 KB takes one unit or 150 kuruş, a larger one two or 300. */
export const TARIFF = {
  types: {
    standart: {
      bands: [
        { upTo: '10 KB', units: 1, price: 150 },
        { upTo: '100 MB', units: 2, price: 300 },
      ],
    },
    eYazisma: { bands: [{ upTo: '100 MB', units: 1, price: 35 }] },
    eTebligat: { bands: [{ upTo: '100 MB', units: 3, price: 450 }] },
  },
  sms: { units: 1, price: 20 },
} as const satisfies ConfigInput['tariff']
