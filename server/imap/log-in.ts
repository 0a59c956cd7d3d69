import type { LoginResult } from '../accounts/login.ts'
import { capabilities } from './commands/capability.ts'
import { Farewell, no } from './failure.ts'
import { IDLE_MS, MAX_FAILED_LOGINS } from './limits.ts'
import { decodeUtf8 } from './mailbox-name.ts'
import type { Session } from './session.ts'

/** Names and passwords as octets, one char each. */
export interface Credentials {
  readonly name: string
  readonly authzid: string
  readonly password: string
}

/** Checks one login by password; answers the text after OK with the capabilities that hold from now on. */
export async function logIn(session: Session, given: Credentials): Promise<string> {
  if (session.byCertificate !== undefined) throw no('CANNOT', 'Only a certificate logs in here')
  const { desk } = session.parts
  const [name, authzid, password] = [given.name, given.authzid, given.password].map(decodeUtf8)
  const result =
    name === undefined || authzid === undefined || password === undefined
      ? ({ ok: false, reason: 'wrong' } as const)
      : await desk.check({ name, authzid, password, ip: session.ip, service: 'imap' })
  return welcome(session, result)
}

/** By the certificate that was shown in TLS, for the account that is named. [RFC 4422 §A] */
export async function logInByCertificate(session: Session, authzid: string): Promise<string> {
  const { byCertificate, ip, parts } = session
  const name = decodeUtf8(authzid)
  if (byCertificate === undefined) throw no('CANNOT', 'There is no such mechanism')
  const attempt = { name: name ?? '', shown: byCertificate.shown, ip, service: 'imap' } as const
  return welcome(session, await parts.desk.checkCertificate(attempt))
}

function welcome(session: Session, result: LoginResult): string {
  const { events } = session.parts
  events.login('imap', result.ok ? 'ok' : result.reason, session.ip)
  if (!result.ok) {
    if (++session.failedLogins >= MAX_FAILED_LOGINS) throw new Farewell('Too many failed logins')
    throw result.reason === 'delayed'
      ? no('UNAVAILABLE', 'Cok sayida hatali giris / Too many failed logins, try again later')
      : no('AUTHENTICATIONFAILED', 'Kullanici adi veya parola yanlis / User name or password is wrong')
  }
  if (!session.admission.bind(result.account.address))
    throw no('LIMIT', 'Cok sayida baglanti / Too many connections of this account')
  session.logIn({ login: result.login, account: result.account, person: result.person })
  session.input.silenceMs = IDLE_MS
  return `[CAPABILITY ${capabilities(session)}] Hos geldiniz / Welcome`
}
