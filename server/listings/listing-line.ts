import { z } from 'zod'
import { parseKepAddress } from '../../mail/kep-address.ts'
import {
  fieldsOf,
  LEGAL_DISPUTED,
  LISTING_FIELDS,
  type Listing,
  type PublicListing,
} from '../../mail/listing.ts'
import { addressSchema, identitySchema, nameSchema } from '../ops/operations/schemas.ts'

/** The largest keys are RSA of 16384 bits in a certificate with its chain left out. */
const publicKey = z
  .string()
  .max(8000)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'a public key is base64')
const phone = z.string().regex(/^\+?[0-9][0-9 ()-]{4,24}$/, 'a phone number has digits')
const service = z.enum(['send-receive', 'receive-only'])

/** What may stand in each field, wherever it comes from. */
export const fieldSchemas = {
  givenNames: nameSchema,
  surname: nameSchema,
  fullName: nameSchema,
  service,
  title: nameSchema,
  mainActivity: nameSchema,
  addressDetail: nameSchema,
  district: nameSchema,
  province: nameSchema,
  publicKey,
  phone,
  representativeNames: nameSchema,
  representativeSurname: nameSchema,
  representativeTitle: nameSchema,
} as const

/** One entry as providers exchange them: one JSON object a line, with what its holder agreed to and nothing else. */
export const listingLine = z.strictObject({
  address: addressSchema,
  kind: z.enum(['natural', 'legal', 'public', 'other']),
  identity: identitySchema,
  ...z.object(fieldSchemas).partial().shape,
})

/** Made of what may leave alone. What a terminal might obey is escaped, which is the same JSON. */
export const lineOf = ({ address, kind, identity, fields }: PublicListing): string =>
  JSON.stringify({ address, kind, identity, ...fields }).replace(
    /[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** The entry that a line of a provider's directory tells of, or why it tells of none; never with what stands there. */
export function readLine(provider: string, text: string | undefined): Listing | string {
  if (text === undefined) return 'the line is too long, or no UTF-8'
  const read = listingLine.safeParse(parsed(text))
  if (!read.success)
    return read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  const { address, kind, identity, ...fields } = read.data
  const kep = parseKepAddress(address)
  if (kep === undefined) return 'address: is none of KEP'
  if (kep.provider !== provider) return `address: is not under ${provider}`
  const { mandatory, optional } = fieldsOf(kind, [])
  const missing = mandatory.filter((field) => fields[field] === undefined)
  if (missing.length > 0) return `${missing.join(', ')}: missing`
  const known = [...mandatory, ...optional]
  const foreign = LISTING_FIELDS.filter((field) => fields[field] !== undefined && !known.includes(field))
  if (foreign.length > 0) return `${foreign.join(', ')}: no field of this kind`
  return {
    address: kep.address,
    provider,
    kind,
    identity,
    listed: true,
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    // Only what may be seen leaves a provider: the consent was asked for there.
    consent: [...optional, ...LEGAL_DISPUTED].filter((field) => fields[field] !== undefined),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
