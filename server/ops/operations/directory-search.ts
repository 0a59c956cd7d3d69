import { z } from 'zod'
import type { ListingGroup } from '../../../mail/listing.ts'
import {
  CRITERIA,
  type Criteria,
  type CriterionName,
  hasPrimary,
  tokensOf,
} from '../../../mail/listing-criteria.ts'
import { AccountError } from '../../accounts/account-error.ts'
import { onlyPerson } from '../../accounts/directory.ts'
import { ListingError } from '../../listings/listing-error.ts'
import { type FoundListing, foundOf } from './listing-view.ts'
import { OperationError, type OperationParts, operation } from './operation.ts'
import { addressSchema, handleSchema, nameSchema } from './schemas.ts'

/** Words of letters and digits alone are looked for: a text of wildcards names nothing. */
const words = nameSchema
  .refine((text) => tokensOf('title', text).length > 0, 'a criterion has a word')
  .optional()
const phone = nameSchema.refine((text) => /[0-9]{4}/.test(text), 'a phone number has digits').optional()
const number = z
  .string()
  .min(1)
  .max(30)
  .regex(/^[0-9A-Za-z/-]+$/, 'a number is given whole')
  .optional()
const address = addressSchema.optional()

/** What somebody looks for in one of the two forms. */
const formSchema = z.discriminatedUnion('group', [
  z.strictObject({
    group: z.literal('natural'),
    address,
    identityNumber: number,
    givenNames: words,
    surname: words,
    title: words,
    service: z.enum(['send-receive', 'receive-only']).optional(),
    province: words,
    district: words,
    addressDetail: words,
    phone,
  }),
  z.strictObject({
    group: z.literal('legal'),
    address,
    identityNumber: number,
    fullName: words,
    mainActivity: words,
    province: words,
    addressDetail: words,
    representativeNames: words,
    representativeSurname: words,
    representativeTitle: words,
  }),
])

/**
 * For holders of accounts alone, and recorded: who asked, which criteria were given, how many entries were found; never what
 * was looked for. Rejects with TOO_BROAD where criteria are missing, and with TOO_FAST.
 */
export const directorySearch = operation(
  z.strictObject({
    /** Who asks; absent: the operator. The person may be left out where one alone acts for the account. */
    by: z.strictObject({ account: addressSchema, person: handleSchema.optional() }).optional(),
    criteria: formSchema,
  }),
  async (parts, { by, criteria: { group, ...given } }): Promise<{ listings: readonly FoundListing[] }> => {
    const who = by && (await askerOf(parts, by.account.toLowerCase(), by.person))
    const criteria: Criteria = { group, given: new Map(Object.entries(given).filter(isGiven)) }
    if (!hasPrimary(criteria)) throw new OperationError('BAD_ARGUMENTS', missingCriteria(group))
    const asked = { group, criteria: [...criteria.given.keys()] }
    const record = (outcome: object): Promise<unknown> =>
      parts.eventLog.record({
        what: 'directory search',
        by: { operator: parts.operator, ...(who === undefined ? {} : { person: who.person }) },
        account: who?.account,
        person: who?.person,
        details: { ...asked, ...outcome },
      })
    let found: Awaited<ReturnType<typeof parts.listings.search>>
    try {
      found = await parts.listings.search(criteria, who?.account)
    } catch (error) {
      // Who asks too often has asked nothing; were it recorded, asking would fill the log.
      if (error instanceof ListingError && error.code === 'TOO_BROAD') await record({ refused: error.code })
      throw error
    }
    await record({ found: found.length })
    return { listings: found.map((listing) => foundOf(listing, parts.listings)) }
  },
)

const isGiven = (entry: [string, string | undefined]): entry is [CriterionName, string] =>
  entry[1] !== undefined

async function askerOf(
  { directory }: Pick<OperationParts, 'directory'>,
  account: string,
  handle: string | undefined,
): Promise<{ account: string; person: string }> {
  const known = await directory.get(account)
  if (known === undefined) throw new AccountError('NO_SUCH_ACCOUNT', `there is no account ${account}`)
  if (known.state !== 'active')
    throw new AccountError(
      'WRONG_STATE',
      `${account}: yalnız aktif hesaplar sorgular / only active accounts may ask`,
    )
  const person =
    handle === undefined
      ? onlyPerson(known)
      : known.persons.find((one) => one.handle === handle && one.active)
  if (person === undefined)
    throw new AccountError(
      'NO_SUCH_PERSON',
      `${account}: sorgulayan kişi belli değil / name an active person who asks`,
    )
  return { account, person: person.handle }
}

const missingCriteria = (group: ListingGroup): string =>
  `Zorunlu alanlardan biri doldurulmalı. / One of these is needed: ${CRITERIA[group].primary.map((names) => names.join(' + ')).join(', ')}`
