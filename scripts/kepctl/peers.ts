import { resolve } from 'node:path'
import { loadPeerEntry } from '../../config/load.ts'
import { type PeerEntryInput, peerEntry } from '../../config/relay.ts'
import { octetsOf } from '../../config/schema.ts'
import { KeyFileError } from '../../server/key-files.ts'
import type { PeerLine } from '../../server/ops/operations/peer-list.ts'
import { readPeerFiles } from '../../server/relay/peer-entry.ts'
import type { Arguments } from './arguments.ts'
import { type Command, Refused, UsageError } from './command.ts'
import { ask } from './reach.ts'
import { type Screen, shownTime, table } from './screen.ts'

const string = { type: 'string' } as const
const many = { type: 'string', multiple: true } as const

const peerAdd: Command = {
  name: 'peer add',
  usage:
    'FILE.yaml | --provider hsNN.kep.tr --name NAME [--host HOST [--port N] [--implicit-tls]] [--ca FILE…] [--certificate FILE…] ' +
    '[--server-name NAME] [--client-certificate FILE…] [--client-ca FILE…] [--address CIDR…] --signing FILE… ' +
    '[--connections N] [--size SIZE]',
  summary: {
    tr: 'başka bir KEPHS tanıtır ya da tanımını değiştirir',
    en: 'makes another provider known, or replaces what is known of it',
  },
  options: {
    provider: string,
    name: string,
    host: string,
    port: string,
    'implicit-tls': { type: 'boolean' },
    ca: many,
    certificate: many,
    'server-name': string,
    'client-certificate': many,
    'client-ca': many,
    address: many,
    signing: many,
    connections: string,
    size: string,
  },
  positionals: [0, 1],
  async run(args, screen) {
    const [file] = args.words
    const entry = file === undefined ? entryFrom(args) : loadPeerEntry(resolve(file))
    const text = await readPeerFiles(entry).catch((error: unknown) => {
      if (error instanceof KeyFileError) throw new Refused('NO_FILE', error.message, { cause: error })
      throw error
    })
    const { provider, change } = await ask(args, screen, 'peer add', text)
    screen.show({ provider, change }, () => [
      change === 'added'
        ? screen.text({ tr: `${provider} tanıtıldı`, en: `${provider} is known now` })
        : screen.text({ tr: `${provider} tanımı değişti`, en: `${provider} was replaced` }),
    ])
    return 0
  },
}

function entryFrom(args: Arguments) {
  const host = args.one('host')
  const number = (name: string): number | undefined => {
    const given = args.one(name)
    if (given !== undefined && !/^[0-9]{1,9}$/.test(given))
      throw new UsageError({ tr: `--${name} bir sayıdır`, en: `--${name} is a number` })
    return given === undefined ? undefined : Number(given)
  }
  const size = args.one('size')
  const sizeLimit = size === undefined ? undefined : octetsOf(size)
  if (size !== undefined && sizeLimit === undefined)
    throw new UsageError({ tr: `--size ${size} bir boyut değil`, en: `--size ${size} is no size` })
  const paths = (name: string): string[] => args.many(name).map((path) => resolve(path))
  const entry: PeerEntryInput = {
    provider: args.required('provider'),
    name: args.required('name'),
    route:
      host === undefined
        ? undefined
        : { host, port: number('port'), tls: args.flag('implicit-tls') ? 'implicit' : 'starttls' },
    tls: { ca: paths('ca'), certificates: paths('certificate'), serverName: args.one('server-name') },
    client: {
      certificates: paths('client-certificate'),
      ca: paths('client-ca'),
      addresses: args.many('address'),
    },
    signing: paths('signing').map((certificate) => ({ certificate })),
    connections: number('connections'),
    sizeLimit,
  }
  if (host === undefined && (args.one('port') !== undefined || args.flag('implicit-tls')))
    throw new UsageError({
      tr: '--port ve --implicit-tls, --host ile verilir; MX ile yol 25 numaralı kapı ve STARTTLS’tir',
      en: '--port and --implicit-tls belong to --host; a route by MX is port 25 with STARTTLS',
    })
  const read = peerEntry.safeParse(entry)
  if (!read.success)
    throw new UsageError(
      read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    )
  return read.data
}

const peerList: Command = {
  name: 'peer list',
  usage: '',
  summary: { tr: 'bilinen KEPHS’leri listeler', en: 'lists the providers that are known' },
  options: {},
  positionals: [0, 0],
  async run(args, screen) {
    const listed = await ask(args, screen, 'peer list', {})
    screen.show(listed, () => [
      ...listed.peers.flatMap((peer) => linesOf(peer, screen)),
      ...listed.unknown.map(({ provider, pending, held }) =>
        screen.text({
          tr: `${provider}: artık bilinmiyor, kuyruğunda ${pending + held} kayıt var`,
          en: `${provider}: known no more, with ${pending + held} in its queue`,
        }),
      ),
    ])
    return 0
  },
}

function linesOf({ provider, name, source, route, certificates, queue }: PeerLine, screen: Screen): string[] {
  const label = (tr: string, en: string): string => screen.text({ tr, en })
  const from =
    source === 'configuration' ? label('ayar dosyası', 'configuration') : label('işletmen', 'operator')
  return [
    `${provider}  ${name}  (${from})  ${route}`,
    `  ${label('kuyruk', 'queue')}: ${queue.pending} ${label('bekliyor', 'waiting')}, ${queue.held} ${label('durduruldu', 'held')}`,
    ...table(
      certificates.map(({ use, fingerprint, until, subject }) => [
        `  ${use}`,
        fingerprint,
        `${label('bitişi', 'until')} ${shownTime(until)}`,
        subject,
      ]),
    ),
  ]
}

const peerRemove: Command = {
  name: 'peer remove',
  usage: 'PROVIDER',
  summary: {
    tr: 'bir KEPHS’yi unutur; bekleyen iletileri aktarılamadı olur',
    en: 'forgets a provider; mail that waits for it fails',
  },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const removed = await ask(args, screen, 'peer remove', { provider: args.word(0) })
    screen.show(removed, () => [
      screen.text({ tr: `${removed.provider} unutuldu`, en: `${removed.provider} is forgotten` }),
    ])
    return 0
  },
}

const peerTest: Command = {
  name: 'peer test',
  usage: 'PROVIDER',
  summary: {
    tr: 'bir KEPHS’ye ileti göndermeden bağlanır ve her adımı söyler',
    en: 'connects to a provider without sending mail, and says each step',
  },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const report = await ask(args, screen, 'peer test', { provider: args.word(0) })
    const steps = {
      route: { tr: 'yol', en: 'route' },
      connect: { tr: 'bağlantı', en: 'connection' },
      identity: { tr: 'kimlik', en: 'identity' },
      extensions: { tr: 'EHLO', en: 'EHLO' },
      quit: { tr: 'ayrılma', en: 'QUIT' },
    } as const
    screen.show(report, () =>
      table(
        report.steps.map(({ step, ok, details }) => [
          ok ? screen.text({ tr: 'tamam', en: 'ok' }) : screen.text({ tr: 'OLMADI', en: 'FAILED' }),
          screen.text(steps[step]),
          details,
        ]),
      ),
    )
    return report.ok ? 0 : 1
  },
}

export const peerCommands: readonly Command[] = [peerAdd, peerList, peerRemove, peerTest]
