import { z } from 'zod'
import { fieldsOf, LISTING_FIELDS, type Listing, missingFields, needsConsent } from '../../../mail/listing.ts'
import { AccountError } from '../../accounts/account-error.ts'
import { fieldSchemas } from '../../listings/listing-line.ts'
import { areNamesOf } from '../../listings/own.ts'
import { requireRight } from './acting-person.ts'
import { viewOfEntry } from './directory-show.ts'
import type { ListingView } from './listing-view.ts'
import { change, type Described, OperationError } from './operation.ts'
import { addressSchema, handleSchema } from './schemas.ts'

/** An empty text takes what is there away. */
const orNothing = <Schema extends z.ZodType>(schema: Schema) => z.union([z.literal(''), schema]).optional()
const { fullName: _, service: __, ...settable } = fieldSchemas

const schema = z.strictObject({
  address: addressSchema,
  fields: z
    .strictObject({
      givenNames: orNothing(settable.givenNames),
      surname: orNothing(settable.surname),
      title: orNothing(settable.title),
      mainActivity: orNothing(settable.mainActivity),
      addressDetail: orNothing(settable.addressDetail),
      district: orNothing(settable.district),
      province: orNothing(settable.province),
      publicKey: orNothing(settable.publicKey),
      phone: orNothing(settable.phone),
      representativeNames: orNothing(settable.representativeNames),
      representativeSurname: orNothing(settable.representativeSurname),
      representativeTitle: orNothing(settable.representativeTitle),
    })
    .default({}),
  /** Optional fields that may be seen: exactly these from now on. */
  consent: z.array(z.enum(LISTING_FIELDS)).max(LISTING_FIELDS.length).optional(),
  /** “Hesabım bireysel sorgulama ile bulunabilsin”. */
  listed: z.boolean().optional(),
  /** The person of the account who asks. */
  by: handleSchema.optional(),
})

/** Fills in an entry of ours, and what its holder agrees to. */
export const directorySet = change(
  'directory set',
  schema,
  describe,
  async (parts, { address, by, ...wanted }): Promise<ListingView> => {
    const { directory, listings } = parts
    const account = await directory.get(address.toLowerCase())
    if (account === undefined) throw new AccountError('NO_SUCH_ACCOUNT', `there is no account ${address}`)
    requireRight(account, by, 'general')
    if (account.state === 'closed' || account.state === 'locked')
      throw new AccountError('WRONG_STATE', `${account.address} kapalı / is ${account.state}`)
    const { legalMandatory } = listings.settings
    const { mandatory, optional } = fieldsOf(account.kind, legalMandatory)
    requireKnown(Object.keys(wanted.fields), [...mandatory, ...optional])
    requireKnown(wanted.consent ?? [], optional)
    if (wanted.listed === true && account.identity === undefined)
      throw new OperationError(
        'BAD_ARGUMENTS',
        'the account has no identity number, which an entry must name',
      )
    if (wanted.listed !== undefined && !needsConsent(account))
      throw new OperationError(
        'BAD_ARGUMENTS',
        'tüzel kişi ve kamu kurumu rehberde zorunlu olarak yer alır / legal persons and public bodies are always listed',
      )
    await listings.changeOwn(account, (listing) => {
      const fields = withFields(listing, wanted.fields)
      const { givenNames, surname } = fields
      const named = wanted.fields.givenNames !== undefined || wanted.fields.surname !== undefined
      if (named && !areNamesOf(account.holder, givenNames ?? '', surname ?? ''))
        throw new OperationError(
          'BAD_ARGUMENTS',
          'ad ve soyad hesap sahibinin adını vermeli / given names and surname must make the holder’s name',
        )
      const missing = missingFields({ kind: account.kind, fields }, legalMandatory)
      if (wanted.listed === true && missing.length > 0)
        throw new OperationError('BAD_ARGUMENTS', `${missing.join(', ')}: zorunlu / an entry must name it`)
      return {
        ...listing,
        fields,
        consent: wanted.consent ?? listing.consent,
        listed: wanted.listed ?? listing.listed,
      }
    })
    return viewOfEntry(parts, address)
  },
)

/** Names of fields, never what stands in them. */
function describe({ address, by, fields, consent, listed }: z.output<typeof schema>): Described {
  return {
    account: address.toLowerCase(),
    by,
    details: { fields: Object.keys(fields), consent, listed },
  }
}

function withFields({ fields }: Listing, wanted: z.output<typeof schema>['fields']): Listing['fields'] {
  const all = Object.entries({ ...fields, ...wanted })
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== ''))
}

function requireKnown(names: readonly string[], known: readonly string[]): void {
  const wrong = names.filter((name) => !known.includes(name))
  if (wrong.length > 0)
    throw new OperationError(
      'BAD_ARGUMENTS',
      `${wrong.join(', ')}: bu hesap için belirlenemez / cannot be set for this account; known: ${known.join(', ')}`,
    )
}
