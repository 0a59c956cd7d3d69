import { randomUUID } from 'node:crypto'
import { type ClientSettings, escaped } from './settings.ts'

/** A profile for iOS and macOS. Without an address the device asks for it; the password it asks for always. */
export function mobileconfig(
  { domain, name, imap, submission }: ClientSettings,
  address: string | undefined,
): string {
  const id = domain.split('.').toReversed().join('.')
  const mail = dict([
    ['PayloadType', 'com.apple.mail.managed'],
    ['PayloadVersion', 1],
    ['PayloadIdentifier', `${id}.mail.account`],
    ['PayloadUUID', randomUUID()],
    ['PayloadDisplayName', name],
    ['EmailAccountDescription', name],
    ['EmailAccountType', 'EmailTypeIMAP'],
    ...(address === undefined ? [] : addressed(address)),
    ['IncomingMailServerAuthentication', 'EmailAuthPassword'],
    ['IncomingMailServerHostName', imap.host],
    ['IncomingMailServerPortNumber', imap.port],
    ['IncomingMailServerUseSSL', true],
    ['OutgoingMailServerAuthentication', 'EmailAuthPassword'],
    ['OutgoingMailServerHostName', submission.host],
    ['OutgoingMailServerPortNumber', submission.port],
    ['OutgoingMailServerUseSSL', true],
    ['OutgoingPasswordSameAsIncomingPassword', true],
  ])
  const profile = dict([
    ['PayloadType', 'Configuration'],
    ['PayloadVersion', 1],
    // The same each time, so that a new profile takes the place of the one before.
    ['PayloadIdentifier', `${id}.mail`],
    ['PayloadUUID', randomUUID()],
    ['PayloadDisplayName', name],
    ['PayloadContent', [mail]],
  ])
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${profile}
</plist>
`
}

type Value = string | number | boolean | readonly string[]

const addressed = (address: string): [string, Value][] => [
  ['EmailAddress', address],
  ['IncomingMailServerUsername', address],
  ['OutgoingMailServerUsername', address],
]

const dict = (entries: readonly (readonly [string, Value])[]): string =>
  `<dict>\n${entries.map(([key, value]) => `<key>${key}</key>${written(value)}`).join('\n')}\n</dict>`

/** An array holds dictionaries that are written already. */
function written(value: Value): string {
  if (typeof value === 'string') return `<string>${escaped(value)}</string>`
  if (typeof value === 'number') return `<integer>${value}</integer>`
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>'
  return `<array>\n${value.join('\n')}\n</array>`
}
