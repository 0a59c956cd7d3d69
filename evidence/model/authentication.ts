/** How somebody proved who they are, as evidence names it. [TS 102 640-2 §5] The fragments beyond Enhanced and Strong are unverified. */
const prefix = 'http:uri.etsi.org/REM/AuthMethod#'

export type AuthenticationMethod = 'Basic' | 'Enhanced' | 'Strong' | 'AdES' | 'AdES-Plus' | 'QES'

export const AUTHENTICATION_METHODS: Readonly<
  Record<AuthenticationMethod, { uri: string; tr: string; en: string }>
> = {
  Basic: { uri: `${prefix}Basic`, tr: 'Parola', en: 'Basic' },
  Enhanced: { uri: `${prefix}Enhanced`, tr: 'Güçlendirilmiş parola', en: 'Enhanced' },
  Strong: { uri: `${prefix}Strong`, tr: 'İki etkenli kimlik doğrulama', en: 'Strong' },
  AdES: { uri: `${prefix}AdES`, tr: 'Gelişmiş elektronik imza', en: 'Advanced electronic signature' },
  'AdES-Plus': {
    uri: `${prefix}AdES-Plus`,
    tr: 'Güvenli araçla gelişmiş elektronik imza',
    en: 'Advanced electronic signature made with a secure device',
  },
  QES: {
    uri: `${prefix}QES`,
    tr: 'Güvenli (nitelikli) elektronik imza',
    en: 'Qualified electronic signature',
  },
}
