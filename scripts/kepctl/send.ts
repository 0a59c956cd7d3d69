import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { systemClock } from '../../mail/clock.ts'
import { randomMessageId } from '../../mail/ids.ts'
import { parseKepAddress } from '../../mail/kep-address.ts'
import { MESSAGE_TYPES, messageTypeOf } from '../../mail/message-type.ts'
import type { Arguments } from './arguments.ts'
import { authorityOf } from './authority.ts'
import { type Command, Refused, UsageError } from './command.ts'
import { openSigner, SIGNER_OPTIONS, SIGNER_USAGE } from './open-signer.ts'
import { readSecret } from './secret.ts'
import { signedMessage } from './signed-message.ts'
import { type Submission, submit } from './smtp-submit.ts'

const string = { type: 'string' } as const

/** No provider takes more; the message is made in memory, as a mail client does it. */
const MAX_ATTACHED_OCTETS = 100_000_000

export const sendCommand: Command = {
  name: 'send',
  usage:
    `--from A --to B,C [--cc D] ${SIGNER_USAGE} --subject S --body FILE [--attach FILE…] ` +
    '[--type standart|eYazisma|eTebligat] --server HOST:PORT [--tls implicit|starttls] [--ca PEM] [--user NAME] ' +
    '[--password-file FILE]',
  summary: {
    tr: 'iletiyi oluşturur, imzalar ve SMTP ile gönderir',
    en: 'builds a message, signs it and submits it over SMTP',
  },
  options: {
    from: string,
    to: string,
    cc: string,
    subject: string,
    body: string,
    attach: { type: 'string', multiple: true },
    type: string,
    server: string,
    tls: string,
    ca: string,
    user: string,
    'password-file': string,
    ...SIGNER_OPTIONS,
  },
  positionals: [0, 0],
  async run(args, screen) {
    const from = addressesIn(args.required('from'), 'from')
    const to = addressesIn(args.required('to'), 'to')
    const cc = addressesIn(args.one('cc') ?? '', 'cc')
    const [sender] = from
    if (sender === undefined || from.length > 1)
      throw new UsageError({ tr: '--from tek bir adrestir', en: '--from is one address' })
    const server = serverOf(args)
    const subject = args.required('subject')
    const named = args.one('type')
    const type = named === undefined ? undefined : messageTypeOf(named)
    if (named !== undefined && type === undefined)
      throw new UsageError({
        tr: `--type şunlardan biridir: ${MESSAGE_TYPES.join(', ')}`,
        en: `--type is one of ${MESSAGE_TYPES.join(', ')}`,
      })
    const body = await textOf(args.required('body'))
    const attachments = await attachmentsOf(args.many('attach'))
    // The named anchor, else that of the development provider, else the system's.
    const anchor = args.one('ca')
    const ca = anchor === undefined ? await authorityOf(args) : await readFile(anchor, 'utf8')
    // Opened before the next secret is asked for: a wrong password is told at once.
    await using signer = await openSigner(args, screen)
    const password = await readSecret(
      args.one('password-file'),
      screen.text({ tr: 'Hesabın parolası', en: 'Password of the account' }),
    )
    const messageId = randomMessageId('kepctl', sender.slice(sender.lastIndexOf('@') + 1))
    const message = await signedMessage(
      {
        from: { address: sender },
        to: to.map((address) => ({ address })),
        cc: cc.map((address) => ({ address })),
        subject,
        type,
        body,
        attachments,
        date: systemClock.now(),
        messageId,
      },
      signer,
    )
    const user = args.one('user') ?? sender
    const recipients = [...new Set([...to, ...cc])]
    const response = await submit({ ...server, ca, user, password, from: sender, recipients, message })
    screen.show({ messageId, response }, () => [messageId, response])
    return 0
  },
}

/** Wrong addresses are told before anything is signed. */
function addressesIn(list: string, option: string): string[] {
  const addresses = list
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '')
  for (const address of addresses)
    if (parseKepAddress(address) === undefined)
      throw new UsageError({
        tr: `--${option}: ${address} bir KEP adresi değil`,
        en: `--${option}: ${address} is no KEP address`,
      })
  return addresses
}

function serverOf(args: Arguments): Pick<Submission, 'host' | 'port' | 'tls'> {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(args.required('server'))
  if (match === null)
    throw new UsageError({ tr: '--server SUNUCU:KAPI biçimindedir', en: '--server is HOST:PORT' })
  const port = Number(match[3])
  const tls = args.one('tls') ?? (port % 1000 === 587 ? 'starttls' : 'implicit')
  if (tls !== 'implicit' && tls !== 'starttls')
    throw new UsageError({ tr: '--tls implicit ya da starttls olur', en: '--tls is implicit or starttls' })
  return { host: match[1] ?? match[2] ?? '', port, tls }
}

async function textOf(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    if (error instanceof TypeError)
      throw new Refused('NOT_TEXT', `${file} is not text in UTF-8`, { cause: error })
    throw error
  }
}

async function attachmentsOf(files: readonly string[]): Promise<{ name: string; octets: Uint8Array }[]> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  if (sizes.reduce((sum, size) => sum + size, 0) > MAX_ATTACHED_OCTETS)
    throw new Refused('TOO_LARGE', 'the attachments are larger than any provider takes')
  return Promise.all(files.map(async (file) => ({ name: basename(file), octets: await readFile(file) })))
}
