import { type ClientSettings, escaped, type Server } from './settings.ts'

/**
 * What Thunderbird, K-9, Evolution and others ask the domain for, as autoconfig.DOMAIN/mail/config-v1.1.xml or
 * DOMAIN/.well-known/autoconfig/mail/config-v1.1.xml. The login is the address.
 */
export const autoconfig = ({ domain, name, imap, submission }: ClientSettings): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${escaped(domain)}">
    <domain>${escaped(domain)}</domain>
    <displayName>${escaped(name)}</displayName>
    <displayShortName>${escaped(name)}</displayShortName>
    <incomingServer type="imap">
${server(imap)}
    </incomingServer>
    <outgoingServer type="smtp">
${server(submission)}
    </outgoingServer>
  </emailProvider>
</clientConfig>
`

const server = ({ host, port }: Server): string =>
  `      <hostname>${escaped(host)}</hostname>
      <port>${port}</port>
      <socketType>SSL</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>`
