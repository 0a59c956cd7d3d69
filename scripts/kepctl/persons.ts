import { readFile } from 'node:fs/promises'
import { PERMISSIONS, type Permission } from '../../mail/account.ts'
import { personLines, showAccount } from './accounts.ts'
import type { Arguments } from './arguments.ts'
import { type Command, UsageError } from './command.ts'
import { ask } from './reach.ts'

const string = { type: 'string' } as const

const personAdd: Command = {
  name: 'person add',
  usage: 'ADDRESS HANDLE --name NAME --identity-number NUMBER [--permit RIGHT,…] [--by HANDLE]',
  summary: { tr: 'hesaba işlem yetkilisi ekler', en: 'adds a person to an account' },
  options: { name: string, 'identity-number': string, permit: string, by: string },
  positionals: [2, 2],
  async run(args, screen) {
    const rights = args.one('permit')
    const account = await ask(args, screen, 'person add', {
      address: args.word(0),
      handle: args.word(1),
      name: args.required('name'),
      identityNumber: args.required('identity-number'),
      permissions: rights === undefined ? undefined : rightsOf(rights),
      by: args.one('by'),
    })
    return showAccount(account, screen)
  },
}

const personList: Command = {
  name: 'person list',
  usage: 'ADDRESS',
  summary: { tr: 'hesabın yetkililerini listeler', en: 'lists the persons of an account' },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const persons = await ask(args, screen, 'person list', { address: args.word(0) })
    screen.show(persons, () => personLines(persons, screen))
    return 0
  },
}

const personPermit: Command = {
  name: 'person permit',
  usage: `ADDRESS HANDLE RIGHT,… [--by HANDLE]   (${PERMISSIONS.join(', ')}; all; none)`,
  summary: { tr: 'yetkileri belirler', en: 'sets the rights of a person' },
  options: { by: string },
  positionals: [3, 3],
  async run(args, screen) {
    const permissions = rightsOf(args.word(2))
    const account = await ask(args, screen, 'person permit', { ...named(args), permissions })
    return showAccount(account, screen)
  },
}

const personRevoke: Command = {
  name: 'person revoke',
  usage: 'ADDRESS HANDLE [--by HANDLE]',
  summary: { tr: 'yetkiliyi pasif yapar', en: 'takes all rights from a person' },
  options: { by: string },
  positionals: [2, 2],
  async run(args, screen) {
    const account = await ask(args, screen, 'person revoke', named(args))
    return showAccount(account, screen)
  },
}

const personRestore: Command = {
  name: 'person restore',
  usage: 'ADDRESS HANDLE [--by HANDLE]',
  summary: { tr: 'pasif yetkiliyi yeniden etkinleştirir', en: 'gives a person the rights back' },
  options: { by: string },
  positionals: [2, 2],
  async run(args, screen) {
    const account = await ask(args, screen, 'person restore', named(args))
    return showAccount(account, screen)
  },
}

const personIpLimit: Command = {
  name: 'person ip-limit',
  usage: 'ADDRESS HANDLE [NETWORK,…]   (none: from everywhere)',
  summary: {
    tr: 'IP kısıtlaması: yalnız bu ağlardan giriş',
    en: 'lets a person log in from these networks only',
  },
  options: {},
  positionals: [2, 3],
  async run(args, screen) {
    const account = await ask(args, screen, 'person ip-limit', {
      address: args.word(0),
      handle: args.word(1),
      networks: (args.words[2] ?? '').split(',').filter((network) => network !== ''),
    })
    return showAccount(account, screen)
  },
}

const personNotices: Command = {
  name: 'person notices',
  usage: 'ADDRESS HANDLE [--email ADDRESS] [--phone NUMBER]   (neither: no notices)',
  summary: {
    tr: 'yeni iletinin nereye bildirileceğini belirler',
    en: 'sets where the person is told of new mail',
  },
  options: { email: string, phone: string },
  positionals: [2, 2],
  async run(args, screen) {
    const account = await ask(args, screen, 'person notices', {
      address: args.word(0),
      handle: args.word(1),
      email: args.one('email'),
      phone: args.one('phone'),
    })
    return showAccount(account, screen)
  },
}

const certificateAdd: Command = {
  name: 'person certificate-add',
  usage: 'ADDRESS HANDLE FILE   (PEM)',
  summary: {
    tr: 'giriş sertifikası ekler (imza sertifikası olamaz)',
    en: 'lets a person log in with a certificate (never one that signs)',
  },
  options: {},
  positionals: [3, 3],
  async run(args, screen) {
    const account = await ask(args, screen, 'person certificate-add', {
      address: args.word(0),
      handle: args.word(1),
      certificate: await readFile(args.word(2), 'utf8'),
    })
    return showAccount(account, screen)
  },
}

const certificateRemove: Command = {
  name: 'person certificate-remove',
  usage: 'ADDRESS HANDLE FINGERPRINT   (SHA-256)',
  summary: { tr: 'giriş sertifikasını kaldırır', en: 'takes a certificate back' },
  options: {},
  positionals: [3, 3],
  async run(args, screen) {
    const account = await ask(args, screen, 'person certificate-remove', {
      address: args.word(0),
      handle: args.word(1),
      fingerprint: args.word(2).replaceAll(':', '').toLowerCase(),
    })
    return showAccount(account, screen)
  },
}

export const personCommands: readonly Command[] = [
  personAdd,
  personList,
  personPermit,
  personRevoke,
  personRestore,
  personIpLimit,
  personNotices,
  certificateAdd,
  certificateRemove,
]

const named = (args: Arguments) => ({ address: args.word(0), handle: args.word(1), by: args.one('by') })

function rightsOf(text: string): Permission[] {
  if (text === 'all') return [...PERMISSIONS]
  if (text === 'none') return []
  return text.split(',').map((word) => {
    const right = PERMISSIONS.find((one) => one === word)
    if (right === undefined)
      throw new UsageError({
        tr: `${word} bir yetki değil; yetkiler: ${PERMISSIONS.join(', ')}`,
        en: `${word} is no right; there are ${PERMISSIONS.join(', ')}`,
      })
    return right
  })
}
