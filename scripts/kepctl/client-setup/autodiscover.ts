import { type ClientSettings, escaped, type Server } from './settings.ts'

/**
 * The answer that Outlook looks for at autodiscover.DOMAIN/autodiscover/autodiscover.xml. It asks by POST with the address inside; since
 * no login is named here, it takes that address, so one file answers everybody.
 */
export const autodiscover = ({ name, imap, submission }: ClientSettings): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <User><DisplayName>${escaped(name)}</DisplayName></User>
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
${protocol('IMAP', imap)}
${protocol('SMTP', submission)}
    </Account>
  </Response>
</Autodiscover>
`

const protocol = (type: 'IMAP' | 'SMTP', { host, port }: Server): string =>
  `      <Protocol>
        <Type>${type}</Type>
        <Server>${escaped(host)}</Server>
        <Port>${port}</Port>
        <DomainRequired>off</DomainRequired>
        <SPA>off</SPA>
        <SSL>on</SSL>
        <Encryption>SSL</Encryption>
        <AuthRequired>on</AuthRequired>
      </Protocol>`
