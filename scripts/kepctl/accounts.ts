import { octetsOf } from '../../config/schema.ts'
import { type HolderIdentity, IDENTITY_TYPES } from '../../mail/holder-identity.ts'
import type { AccountLine } from '../../server/ops/operations/account-list.ts'
import type { AccountView } from '../../server/ops/operations/account-view.ts'
import { type Command, type ExitCode, type Text, UsageError } from './command.ts'
import { ask } from './reach.ts'
import { type Screen, shownTime, table } from './screen.ts'
import { readSecret } from './secret.ts'

const string = { type: 'string' } as const

const accountCreate: Command = {
  name: 'account create',
  usage:
    'ADDRESS --holder NAME --identity TYPE:NUMBER [--kind natural|legal|public|other] [--service send-receive|receive-only] [--quota SIZE] [--may-serve]',
  summary: {
    tr: 'KEP hesabı açar; etkinleştirilmeyi bekler',
    en: 'makes an account, which waits to be activated',
  },
  options: {
    holder: string,
    identity: string,
    kind: string,
    service: string,
    quota: string,
    'may-serve': { type: 'boolean' },
  },
  positionals: [1, 1],
  async run(args, screen) {
    const size = args.one('quota')
    const identity = args.one('identity')
    const made = await ask(args, screen, 'account create', {
      address: args.word(0),
      holder: args.required('holder'),
      kind: oneOf(args.one('kind'), ['natural', 'legal', 'public', 'other'], 'kind'),
      service: oneOf(args.one('service'), ['send-receive', 'receive-only'], 'service'),
      identity: identity === undefined ? undefined : identityOf(identity),
      quota: size === undefined ? undefined : sizeOf(size),
      mayServe: args.flag('may-serve'),
    })
    return showAccount(made, screen)
  },
}

const accountUpdate: Command = {
  name: 'account update',
  usage:
    'ADDRESS [--holder NAME] [--service send-receive|receive-only] [--may-serve yes|no] [--search-index on|off]',
  summary: {
    tr: 'hesap sahibinin adını, hizmet türünü, e-Tebligat yetkisini, arama dizinini değiştirir',
    en: 'changes the holder’s name, the service, the authority to serve by e-Tebligat, the search index',
  },
  options: { holder: string, service: string, 'may-serve': string, 'search-index': string },
  positionals: [1, 1],
  async run(args, screen) {
    const mayServe = oneOf(args.one('may-serve'), ['yes', 'no'], 'may-serve')
    const account = await ask(args, screen, 'account update', {
      address: args.word(0),
      holder: args.one('holder'),
      service: oneOf(args.one('service'), ['send-receive', 'receive-only'], 'service'),
      mayServe: mayServe === undefined ? undefined : mayServe === 'yes',
      searchIndex: oneOf(args.one('search-index'), ['on', 'off'], 'search-index'),
    })
    return showAccount(account, screen)
  },
}

const accountActivate: Command = {
  name: 'account activate',
  usage: 'ADDRESS',
  summary: { tr: 'bekleyen hesabı etkinleştirir', en: 'activates an account that waits' },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const account = await ask(args, screen, 'account activate', { address: args.word(0) })
    return showAccount(account, screen)
  },
}

const accountClose: Command = {
  name: 'account close',
  usage: 'ADDRESS --reason TEXT [--by HANDLE]',
  summary: {
    tr: 'hesabı kapatır: gönderemez, alamaz, üç ay okunur, sonra kilitlenir',
    en: 'closes an account: no sending, no receiving, readable for three months, then locked',
  },
  options: { reason: string, by: string },
  positionals: [1, 1],
  async run(args, screen) {
    const account = await ask(args, screen, 'account close', {
      address: args.word(0),
      reason: args.required('reason'),
      by: args.one('by'),
    })
    screen.show(account, () => [
      ...linesOf(account, screen),
      screen.text({
        tr: 'Kapatılan KEP hesapları en az üç ay erişime açık tutulur; bu sürede ileti gönderimi ve alımı engellenir, sonunda hesap tamamen kullanıma kapatılır.',
        en: 'A closed account stays readable for at least three months; it neither sends nor receives meanwhile, and is locked afterwards.',
      }),
    ])
    return 0
  },
}

const accountReopen: Command = {
  name: 'account reopen',
  usage: 'ADDRESS --identity TYPE:NUMBER --reason TEXT',
  summary: {
    tr: 'kapalı hesabı kendi sahibine yeniden açar',
    en: 'opens a closed account for its own holder',
  },
  options: { identity: string, reason: string },
  positionals: [1, 1],
  async run(args, screen) {
    const account = await ask(args, screen, 'account reopen', {
      address: args.word(0),
      identity: identityOf(args.required('identity')),
      reason: args.required('reason'),
    })
    return showAccount(account, screen)
  },
}

const quotaSet: Command = {
  name: 'quota set',
  usage: 'ADDRESS SIZE',
  summary: { tr: 'ücretsiz alanı belirler', en: 'sets the space that is free of charge' },
  options: {},
  positionals: [2, 2],
  async run(args, screen) {
    const account = await ask(args, screen, 'quota set', {
      address: args.word(0),
      quota: sizeOf(args.word(1)),
    })
    return showAccount(account, screen)
  },
}

const quotaAdd: Command = {
  name: 'quota add',
  usage: 'ADDRESS SIZE --until DATE [--by HANDLE]',
  summary: {
    tr: 'alan artırımı: bitiş tarihine kadar ek alan',
    en: 'space beside the free part, until a date',
  },
  options: { until: string, by: string },
  positionals: [2, 2],
  async run(args, screen) {
    const account = await ask(args, screen, 'quota add', {
      address: args.word(0),
      octets: sizeOf(args.word(1)),
      until: args.required('until'),
      by: args.one('by'),
    })
    return showAccount(account, screen)
  },
}

const accountList: Command = {
  name: 'account list',
  usage: '',
  summary: { tr: 'hesapları listeler', en: 'lists accounts' },
  options: {},
  positionals: [0, 0],
  async run(args, screen) {
    const accounts: AccountLine[] = []
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: { accounts: readonly AccountLine[]; next: string | undefined } = await ask(
        args,
        screen,
        'account list',
        { after },
      )
      accounts.push(...page.accounts)
      after = page.next
    }
    screen.show(accounts, () =>
      table(
        accounts.map(({ address, state, kind, service, holder }) => [
          address,
          screen.text(STATES[state]),
          kind,
          service,
          holder,
        ]),
      ),
    )
    return 0
  },
}

const accountShow: Command = {
  name: 'account show',
  usage: 'ADDRESS',
  summary: { tr: 'bir hesabı gösterir', en: 'shows one account' },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const account = await ask(args, screen, 'account show', { address: args.word(0) })
    screen.show(account, () => [
      ...linesOf(account, screen),
      `${screen.text({ tr: 'Kullanılan', en: 'Used' })}: ${account.used} / ${account.quota}`,
      ...(account.indexed === undefined
        ? []
        : [
            `${screen.text({ tr: 'Dizindeki ileti', en: 'Messages in the index' })}: ${account.indexed.filtered} / ${account.indexed.messages}`,
          ]),
    ])
    return 0
  },
}

const passwordSet: Command = {
  name: 'password set',
  usage: 'ADDRESS [--person HANDLE] [--file FILE]',
  summary: {
    tr: 'parola belirler (parola girdiden, sorularak ya da dosyadan alınır)',
    en: 'sets a password (from standard input, a prompt or a file)',
  },
  options: { person: string, file: string },
  positionals: [1, 1],
  async run(args, screen) {
    const password = await readSecret(
      args.one('file'),
      screen.text({ tr: 'Yeni parola', en: 'New password' }),
    )
    const result = await ask(args, screen, 'password set', {
      address: args.word(0),
      person: args.one('person'),
      password,
    })
    screen.show(result, () => [screen.text({ tr: 'Parola değişti', en: 'The password was set' })])
    return 0
  },
}

export const accountCommands: readonly Command[] = [
  accountCreate,
  accountList,
  accountShow,
  accountUpdate,
  accountActivate,
  accountClose,
  accountReopen,
  quotaSet,
  quotaAdd,
  passwordSet,
]

function sizeOf(text: string): number {
  const octets = octetsOf(text)
  if (octets === undefined)
    throw new UsageError({
      tr: `${text} bir boyut değil; örnek: 25 MB`,
      en: `${text} is no size; 25 MB is one`,
    })
  return octets
}

/** `tckn:10000000146`; whether the number is one of its type is the operation's business. */
function identityOf(text: string): HolderIdentity {
  const colon = text.indexOf(':')
  const type = IDENTITY_TYPES.find((one) => one === text.slice(0, colon))
  if (type === undefined)
    throw new UsageError({
      tr: `--identity TÜR:NUMARA biçimindedir, tür şunlardan biri: ${IDENTITY_TYPES.join(', ')}`,
      en: `--identity is TYPE:NUMBER, the type one of ${IDENTITY_TYPES.join(', ')}`,
    })
  return { type, number: text.slice(colon + 1) }
}

/** undefined where nothing was given; a value that is none of them is wrong use. */
function oneOf<T extends string>(
  value: string | undefined,
  known: readonly T[],
  option: string,
): T | undefined {
  const found = known.find((one) => one === value)
  if (value !== undefined && found === undefined)
    throw new UsageError({
      tr: `--${option} şunlardan biridir: ${known.join(', ')}`,
      en: `--${option} is one of ${known.join(', ')}`,
    })
  return found
}

/** How a command ends that changed an account: with the account as it is then. */
export function showAccount(account: AccountView, screen: Screen): ExitCode {
  screen.show(account, () => linesOf(account, screen))
  return 0
}

function linesOf(account: AccountView, screen: Screen): string[] {
  const { bought, closing, searchIndex } = account
  const label = (tr: string, en: string): string => screen.text({ tr, en })
  return [
    `${account.address}  ${screen.text(STATES[account.state])}  ${account.kind}  ${account.service}`,
    `${label('Sahibi', 'Holder')}: ${account.holder}`,
    `${label('Kota', 'Quota')}: ${account.quota}`,
    ...(searchIndex === undefined
      ? []
      : [`${label('Arama dizini', 'Search index')}: ${screen.text(INDEXES[searchIndex.state])}`]),
    ...(bought === undefined
      ? []
      : [
          `${label('Satın alınan alan', 'Space bought')}: ${bought.octets}, ${label('bitiş', 'until')} ${shownTime(bought.until)}`,
        ]),
    ...(closing === undefined
      ? []
      : [
          `${label('Kapatma', 'Closed')}: ${shownTime(closing.at)}, ${closing.reason}`,
          `${label('Okunabilir', 'Readable until')}: ${shownTime(closing.readableUntil)}`,
        ]),
    ...personLines(account.persons, screen),
    ...(account.persons.length === 0
      ? []
      : [
          label(
            'Kullanıcı adı: tek yetkilide hesap adresi, birden çoksa ADRES/KISALTMA',
            'User name: the address where one person acts, else ADDRESS/HANDLE',
          ),
        ]),
  ]
}

const STATES: Readonly<Record<AccountView['state'], Text>> = {
  pending: { tr: 'Etkinleştirme Bekleniyor', en: 'pending' },
  active: { tr: 'Aktif', en: 'active' },
  closed: { tr: 'Kapalı', en: 'closed' },
  locked: { tr: 'Kilitli', en: 'locked' },
}

const INDEXES: Readonly<Record<'on' | 'removing', Text>> = {
  on: { tr: 'açık', en: 'on' },
  removing: { tr: 'kaldırılıyor', en: 'is being removed' },
}

export const personLines = (persons: AccountView['persons'], screen: Screen): string[] => {
  const label = (tr: string, en: string): string => screen.text({ tr, en })
  const more = (name: string, values: readonly (string | undefined)[]): string[] => {
    const known = values.filter((value) => value !== undefined)
    return known.length === 0 ? [] : [`    ${name}: ${known.join(', ')}`]
  }
  return persons.flatMap(({ notices, networks = [], loginCertificates = [], ...person }) => [
    [
      `  ${person.handle}`,
      person.name,
      person.identityNumber,
      person.active ? label('Aktif', 'active') : label('Pasif', 'passive'),
      person.hasPassword ? label('parolalı', 'has a password') : label('parolasız', 'no password'),
    ].join('  '),
    ...more(label('yetkiler', 'rights'), person.permissions),
    ...more(label('yalnız buradan', 'only from'), networks),
    ...more(label('giriş sertifikaları', 'login certificates'), loginCertificates),
    ...more(label('bildirim', 'notices'), [notices?.email, notices?.phone]),
  ])
}
