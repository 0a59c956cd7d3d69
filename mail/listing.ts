import type { StoredAccount } from './account.ts'
import type { HolderIdentity, IdentityType } from './holder-identity.ts'

/** What an entry of the KEP directory (KEP rehberi) may say beside address and identity number. */
export const LISTING_FIELDS = [
  /** Adı. */
  'givenNames',
  /** Soyadı. */
  'surname',
  /** Kurumun Tam Adı, Tüzel Adı. */
  'fullName',
  /** Hizmeti alma şekli: gönderici-alıcı ya da sadece alıcı. */
  'service',
  /** Ünvan. */
  'title',
  /** Ana Faaliyet Alanı. */
  'mainActivity',
  /** Cadde ve Ev Numarası; of legal persons Adres. Searched as Adres Detayı. */
  'addressDetail',
  /** İlçe. */
  'district',
  /** İl, Şehir; of legal persons Merkezin Bulunduğu İl. */
  'province',
  /** Açık Anahtar: base64. */
  'publicKey',
  /** Telefon No. */
  'phone',
  /** İşlem Yetkilisinin Adı. */
  'representativeNames',
  /** İşlem Yetkilisinin Soyadı. */
  'representativeSurname',
  /** Yetkili Unvanı, Rolü: çalışan, hissedar, yönetim kurulu üyesi, muhasebeci, avukat. */
  'representativeTitle',
] as const
export type ListingField = (typeof LISTING_FIELDS)[number]
export type ListingFields = Readonly<Partial<Record<ListingField, string>>>

/** One entry as it is kept. */
export interface Listing {
  readonly address: string
  /** Whose account it is, `hsNN.kep.tr`. */
  readonly provider: string
  readonly kind: StoredAccount['kind']
  /** T.C. Kimlik No; Mersis No / Ticaret Sicil No. Absent where the account is nobody's. */
  readonly identity?: HolderIdentity
  /** “Hesabım bireysel sorgulama ile bulunabilsin”; legal persons are not asked. */
  readonly listed: boolean
  readonly fields: ListingFields
  /** Optional fields that may be seen; of others nobody is asked. */
  readonly consent: readonly ListingField[]
}

/** Of an entry what may leave. Nothing else is indexed, matched, shown or handed to others. */
export type PublicListing = Omit<Listing, 'listed' | 'consent'>

/** Gerçek Kişi Sorgula, Tüzel Kişi Sorgula. */
export type ListingGroup = 'natural' | 'legal'

export const groupOf = (kind: Listing['kind']): ListingGroup => (kind === 'natural' ? 'natural' : 'legal')

/** Z in the table of the field. [KEP rehberi tebliği 16.05.2012/28294, press summary] */
const NATURAL_MANDATORY: readonly ListingField[] = ['givenNames', 'surname']
/** Z in either source. */
const LEGAL_MANDATORY: readonly ListingField[] = ['fullName']
/** Mandatory by the text of 2013, optional by later slides: a setting says which. */
export const LEGAL_DISPUTED = ['mainActivity', 'province', 'addressDetail'] as const
export type LegalDisputed = (typeof LEGAL_DISPUTED)[number]

/** İ in the table: each by consent alone. */
const NATURAL_OPTIONAL: readonly ListingField[] = [
  'service',
  'title',
  'addressDetail',
  'district',
  'province',
  'publicKey',
  'phone',
]
/** İ, and what an account chooses to be found by. */
const LEGAL_OPTIONAL: readonly ListingField[] = [
  'representativeNames',
  'representativeSurname',
  'representativeTitle',
]

export interface FieldsOfKind {
  /** Are seen wherever the entry is; consent to be listed is consent to them. */
  readonly mandatory: readonly ListingField[]
  readonly optional: readonly ListingField[]
}

export function fieldsOf(kind: Listing['kind'], legalMandatory: readonly LegalDisputed[]): FieldsOfKind {
  if (kind === 'natural') return { mandatory: NATURAL_MANDATORY, optional: NATURAL_OPTIONAL }
  return {
    mandatory: [...LEGAL_MANDATORY, ...legalMandatory],
    optional: [...LEGAL_DISPUTED.filter((field) => !legalMandatory.includes(field)), ...LEGAL_OPTIONAL],
  }
}

const PERSONAL: readonly IdentityType[] = ['tckn', 'ykn', 'passport']

/**
 * Whether somebody must agree before it is listed: persons. Companies and public bodies are listed without; of another kind
 * those alone that are known by a number of a register of institutions.
 */
export const needsConsent = ({ kind, identity }: Pick<Listing, 'kind' | 'identity'>): boolean =>
  kind === 'natural' || (kind === 'other' && (identity === undefined || PERSONAL.includes(identity.type)))

/** undefined where the address is not in the directory: a KEP address may exist and not be listed. */
export function shown(listing: Listing, legalMandatory: readonly LegalDisputed[]): PublicListing | undefined {
  const { listed, consent, fields, ...named } = listing
  if (needsConsent(listing) && !listed) return undefined
  const { mandatory, optional } = fieldsOf(listing.kind, legalMandatory)
  const open = [...mandatory, ...optional.filter((field) => consent.includes(field))]
  return { ...named, fields: only(fields, open) }
}

/** Mandatory fields that nobody filled in. */
export const missingFields = (
  { kind, fields }: Pick<Listing, 'kind' | 'fields'>,
  legalMandatory: readonly LegalDisputed[],
): ListingField[] => fieldsOf(kind, legalMandatory).mandatory.filter((field) => fields[field] === undefined)

const only = (fields: ListingFields, names: readonly ListingField[]): ListingFields =>
  Object.fromEntries(
    LISTING_FIELDS.filter((field) => names.includes(field) && fields[field] !== undefined).map((field) => [
      field,
      fields[field],
    ]),
  )

/** A person's number but for its last two characters; the MERSİS number of a merchant begins with one. */
export function masked(identity: HolderIdentity): HolderIdentity {
  const { type, number } = identity
  const isPersonal = PERSONAL.includes(type) || (type === 'mersis' && !number.startsWith('0'))
  return isPersonal ? { type, number: `${'*'.repeat(number.length - 2)}${number.slice(-2)}` } : identity
}
