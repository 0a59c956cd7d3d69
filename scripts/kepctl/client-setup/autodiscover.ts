import { type ClientSettings, escaped, type Server } from './settings.ts'

/**
 * The answer that Outlook asks for, by POST, at autodiscover.DOMAIN/autodiscover/autodiscover.xml.
 *
 * @param address the login name of the one account that it is for; a program that is told none may take what stands before
 * the @, and nobody logs in by that here
 */
export const autodiscover = (
  { name, imap, submission }: ClientSettings,
  address: string | undefined,
): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <User><DisplayName>${escaped(name)}</DisplayName></User>
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
${protocol('IMAP', imap, address)}
${protocol('SMTP', submission, address)}
    </Account>
  </Response>
</Autodiscover>
`

const protocol = (type: 'IMAP' | 'SMTP', { host, port }: Server, address: string | undefined): string =>
  `      <Protocol>
        <Type>${type}</Type>
        <Server>${escaped(host)}</Server>
        <Port>${port}</Port>
${address === undefined ? '' : `        <LoginName>${escaped(address)}</LoginName>\n`}        <DomainRequired>off</DomainRequired>
        <SPA>off</SPA>
        <SSL>on</SSL>
        <Encryption>SSL</Encryption>
        <AuthRequired>on</AuthRequired>
      </Protocol>`
