import { octetsOf } from '../../config/schema.ts'
import type { AccountLine } from '../../server/ops/operations/account-list.ts'
import type { AccountView } from '../../server/ops/operations/account-view.ts'
import { type Command, UsageError } from './command.ts'
import { ask } from './reach.ts'
import { type Screen, table } from './screen.ts'
import { readSecret } from './secret.ts'

const string = { type: 'string' } as const

const accountCreate: Command = {
  name: 'account create',
  usage:
    'ADDRESS --holder NAME [--kind natural|legal|public|other] [--service send-receive|receive-only] [--quota SIZE]',
  summary: { tr: 'KEP hesabı açar', en: 'makes an account' },
  options: { holder: string, kind: string, service: string, quota: string },
  positionals: [1, 1],
  async run(args, screen) {
    const size = args.one('quota')
    const quota = size === undefined ? undefined : octetsOf(size)
    if (size !== undefined && quota === undefined) throw new UsageError(`--quota ${size} is no size`)
    const made = await ask(args, screen, 'account create', {
      address: args.word(0),
      holder: args.required('holder'),
      kind: oneOf(args.one('kind'), ['natural', 'legal', 'public', 'other'], 'kind'),
      service: oneOf(args.one('service'), ['send-receive', 'receive-only'], 'service'),
      quota,
    })
    screen.show(made, () => linesOf(made, screen))
    return 0
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
        accounts.map(({ address, state, kind, service, holder }) => [address, state, kind, service, holder]),
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
    ])
    return 0
  },
}

const personAdd: Command = {
  name: 'person add',
  usage: 'ADDRESS HANDLE --name NAME --identity-number NUMBER',
  summary: { tr: 'hesaba işlem yetkilisi ekler', en: 'adds a person to an account' },
  options: { name: string, 'identity-number': string },
  positionals: [2, 2],
  async run(args, screen) {
    const account = await ask(args, screen, 'person add', {
      address: args.word(0),
      handle: args.word(1),
      name: args.required('name'),
      identityNumber: args.required('identity-number'),
    })
    screen.show(account, () => linesOf(account, screen))
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
  personAdd,
  passwordSet,
]

/** undefined where nothing was given; a value that is none of them is wrong use. */
function oneOf<T extends string>(
  value: string | undefined,
  known: readonly T[],
  option: string,
): T | undefined {
  const found = known.find((one) => one === value)
  if (value !== undefined && found === undefined)
    throw new UsageError(`--${option} is one of ${known.join(', ')}`)
  return found
}

function linesOf(account: AccountView, screen: Screen): string[] {
  const label = (tr: string, en: string): string => screen.text({ tr, en })
  const password = (has: boolean): string =>
    has ? label('parolalı', 'has a password') : label('parolasız', 'no password')
  return [
    `${account.address}  ${account.state}  ${account.kind}  ${account.service}`,
    `${label('Sahibi', 'Holder')}: ${account.holder}`,
    `${label('Kota', 'Quota')}: ${account.quota}`,
    ...account.persons.map(
      ({ handle, name, identityNumber, permissions, hasPassword }) =>
        `  ${handle}  ${name}  ${identityNumber}  ${permissions.join(',')}  ${password(hasPassword)}`,
    ),
  ]
}
