import { LISTING_FIELDS, type ListingField } from '../../mail/listing.ts'
import type { InputOf } from '../../server/ops/operations/catalog.ts'
import type { FoundListing, ListingView } from '../../server/ops/operations/listing-view.ts'
import type { Arguments } from './arguments.ts'
import { type Command, type Text, UsageError } from './command.ts'
import { directoryExport, directoryImport } from './directory-files.ts'
import { ask } from './reach.ts'
import type { Screen } from './screen.ts'

const string = { type: 'string' } as const
const many = { type: 'string', multiple: true } as const

const directorySet: Command = {
  name: 'directory set',
  usage:
    'ADDRESS [--field NAME=VALUE]… [--consent NAME,…] [--listed yes|no] [--by HANDLE]   (an empty VALUE or NAME takes away)',
  summary: {
    tr: 'hesabın rehber kaydını doldurur; hangi alanların görüneceğini belirler',
    en: 'fills in the directory entry of an account, and what of it may be seen',
  },
  options: { field: many, consent: string, listed: string, by: string },
  positionals: [1, 1],
  async run(args, screen) {
    const consent = args.one('consent')
    const input = {
      address: args.word(0),
      fields: Object.fromEntries(fieldsIn(args)),
      consent: consent === undefined ? undefined : consentIn(consent),
      listed: listedIn(args),
      by: args.one('by'),
    }
    const entry = await ask(args, screen, 'directory set', input as InputOf<'directory set'>)
    screen.show(entry, () => entryLines(entry, screen))
    return 0
  },
}

const directoryShow: Command = {
  name: 'directory show',
  usage: 'ADDRESS',
  summary: { tr: 'hesabın rehber kaydını gösterir', en: 'shows the directory entry of an account' },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const entry = await ask(args, screen, 'directory show', { address: args.word(0) })
    screen.show(entry, () => entryLines(entry, screen))
    return 0
  },
}

const directorySearch: Command = {
  name: 'directory search',
  usage: '--group natural|legal --field NAME=VALUE… [--by ADDRESS[/HANDLE]]   (address, identityNumber, …)',
  summary: {
    tr: 'KEP rehberinde gerçek kişi (natural) ya da tüzel kişi (legal) sorgular',
    en: 'searches the KEP directory for natural or legal persons',
  },
  options: { group: string, field: many, by: string },
  positionals: [0, 0],
  async run(args, screen) {
    const by = args.one('by')?.split('/')
    const input = {
      by: by && { account: by[0], person: by[1] },
      criteria: { ...Object.fromEntries(fieldsIn(args)), group: args.required('group') },
    }
    const { listings } = await ask(args, screen, 'directory search', input as InputOf<'directory search'>)
    screen.show(listings, () =>
      listings.length === 0
        ? [screen.text({ tr: 'Kayıt bulunamadı', en: 'Nothing was found' })]
        : listings.flatMap((listing) => [...foundLines(listing, screen), '']),
    )
    return 0
  },
}

export const directoryCommands: readonly Command[] = [
  directorySet,
  directoryShow,
  directorySearch,
  directoryImport,
  directoryExport,
]

/** Whether there are such fields is the operation's business. */
function fieldsIn(args: Arguments): [string, string][] {
  return args.many('field').map((text) => {
    const equals = text.indexOf('=')
    if (equals < 1)
      throw new UsageError({
        tr: `--field AD=DEĞER biçimindedir; AD şunlardan biri: ${LISTING_FIELDS.join(', ')}`,
        en: `--field is NAME=VALUE; NAME one of ${LISTING_FIELDS.join(', ')}`,
      })
    return [text.slice(0, equals), text.slice(equals + 1)]
  })
}

const consentIn = (text: string): string[] => text.split(',').filter((name) => name !== '')

function listedIn(args: Arguments): boolean | undefined {
  const value = args.one('listed')
  if (value !== undefined && value !== 'yes' && value !== 'no')
    throw new UsageError({ tr: '--listed yes ya da no olur', en: '--listed is yes or no' })
  return value === undefined ? undefined : value === 'yes'
}

function entryLines(entry: ListingView, screen: Screen): string[] {
  const label = (tr: string, en: string): string => screen.text({ tr, en })
  return [
    ...(entry.open === null
      ? [`${entry.address}  ${label('rehberde görünmüyor', 'not in the directory')}`]
      : [label('Rehberde görünen:', 'Seen in the directory:'), ...foundLines(entry.open, screen)]),
    label('Kayıtlı:', 'Filled in:'),
    ...fieldLines(entry.fields, screen),
    ...(entry.missing.length === 0
      ? []
      : [`${label('Eksik zorunlu alanlar', 'Mandatory, missing')}: ${entry.missing.join(', ')}`]),
  ]
}

const foundLines = ({ address, kind, identity, fields }: FoundListing, screen: Screen): string[] => [
  `${address}  ${kind}${identity === undefined ? '' : `  ${identity.type}:${identity.number}`}`,
  ...fieldLines(fields, screen),
]

const fieldLines = (fields: FoundListing['fields'], screen: Screen): string[] =>
  LISTING_FIELDS.filter((field) => fields[field] !== undefined).map(
    (field) => `  ${screen.text(LABELS[field])}: ${fields[field]}`,
  )

const LABELS: Readonly<Record<ListingField, Text>> = {
  givenNames: { tr: 'Adı', en: 'Given names' },
  surname: { tr: 'Soyadı', en: 'Surname' },
  fullName: { tr: 'Kurumun Tam Adı', en: 'Full name' },
  service: { tr: 'Hizmet Alma Şekli', en: 'Service' },
  title: { tr: 'Unvan', en: 'Title' },
  mainActivity: { tr: 'Ana Faaliyet Alanı', en: 'Main activity' },
  addressDetail: { tr: 'Adres Detayı', en: 'Address' },
  district: { tr: 'İlçe', en: 'District' },
  province: { tr: 'İl', en: 'Province' },
  publicKey: { tr: 'Açık Anahtar', en: 'Public key' },
  phone: { tr: 'Telefon No', en: 'Phone' },
  representativeNames: { tr: 'Yetkili Adı', en: 'Representative, given names' },
  representativeSurname: { tr: 'Yetkili Soyadı', en: 'Representative, surname' },
  representativeTitle: { tr: 'Yetkili Unvanı', en: 'Representative, title' },
}
