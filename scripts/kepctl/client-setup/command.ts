import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parseKepAddress } from '../../../mail/kep-address.ts'
import type { Arguments } from '../arguments.ts'
import { type Command, UsageError } from '../command.ts'
import { configOf } from '../reach.ts'
import { autoconfig } from './autoconfig.ts'
import { autodiscover } from './autodiscover.ts'
import { mobileconfig } from './mobileconfig.ts'
import { records } from './records.ts'
import type { ClientSettings, Server } from './settings.ts'

export const clientSetupCommand: Command = {
  name: 'client setup',
  usage: '[--imap HOST[:PORT]] [--submission HOST[:PORT]] [--account ADDRESS] [--out DIR]',
  summary: {
    tr: 'posta programlarının kendini kurması için DNS kayıtlarını yazar, dosyaları üretir',
    en: 'prints DNS records, and makes the files, by which mail programs set themselves up',
  },
  notes: [
    {
      tr: 'DIR bir web sunucusunun köküdür: autoconfig.ALAN ve autodiscover.ALAN adları oraya (https) çıkmalıdır.',
      en: 'DIR is the root of a web server, to which autoconfig.DOMAIN and autodiscover.DOMAIN must lead (https).',
    },
  ],
  options: {
    imap: { type: 'string' },
    submission: { type: 'string' },
    account: { type: 'string' },
    out: { type: 'string' },
  },
  positionals: [0, 0],
  async run(args, screen) {
    const settings = settingsOf(args)
    const address = addressOf(args, settings.domain)
    const lines = records(settings)
    const out = args.one('out')
    const files = out === undefined ? [] : await write(resolve(out), settings, address)
    screen.show({ imap: settings.imap, submission: settings.submission, records: lines, files }, () => [
      ...lines,
      ...files,
    ])
    return 0
  },
}

/** As the configuration says, but for the names and ports by which clients come from outside. */
function settingsOf(args: Arguments): ClientSettings {
  const { provider, listen } = configOf(args, resolve(args.data))
  const { domain, name } = provider
  return {
    domain,
    name,
    imap: serverOf(args, 'imap', { host: domain, port: listen.imaps.port }),
    submission: serverOf(args, 'submission', { host: domain, port: listen.submissions.port }),
  }
}

function serverOf(args: Arguments, option: 'imap' | 'submission', known: Server): Server {
  const given = args.one(option)
  if (given === undefined) return known
  const [, host, port] = /^([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::([0-9]{1,5}))?$/i.exec(given) ?? []
  const number = port === undefined ? known.port : Number(port)
  if (host === undefined || number < 1 || number > 65_535)
    throw new UsageError({
      tr: `--${option}: ANA_MAKİNE[:PORT] beklenir`,
      en: `--${option}: expected HOST[:PORT]`,
    })
  return { host: host.toLowerCase(), port: number }
}

function addressOf(args: Arguments, domain: string): string | undefined {
  const given = args.one('account')
  if (given === undefined) return undefined
  const read = parseKepAddress(given)
  if (read?.provider !== domain)
    throw new UsageError({
      tr: `--account: ${domain} sağlayıcısının bir KEP adresi beklenir`,
      en: `--account: expected an address of ${domain}`,
    })
  return read.address
}

/** Names of the files; one that is there is written anew. */
async function write(
  folder: string,
  settings: ClientSettings,
  address: string | undefined,
): Promise<string[]> {
  const files = new Map([
    ['mail/config-v1.1.xml', autoconfig(settings)],
    ['.well-known/autoconfig/mail/config-v1.1.xml', autoconfig(settings)],
    ['autodiscover/autodiscover.xml', autodiscover(settings, address)],
    [`${address ?? settings.domain}.mobileconfig`, mobileconfig(settings, address)],
  ])
  const written: string[] = []
  for (const [name, text] of files) {
    const file = join(folder, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    written.push(file)
  }
  return written
}
