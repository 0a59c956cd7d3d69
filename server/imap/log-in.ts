import type { LoginResult } from '../accounts/login.ts'
import { capabilities } from './commands/capability.ts'
import { Farewell, no } from './failure.ts'
import { IDLE_MS, MAX_FAILED_LOGINS } from './limits.ts'
import type { Session } from './session.ts'

/** What follows from a login, good or bad: the text after OK, with the capabilities that hold from now on. */
export function welcome(session: Session, result: LoginResult): string {
  const { events } = session.parts
  events.login('imap', result.ok ? 'ok' : result.reason, session.ip)
  if (!result.ok) {
    if (++session.failedLogins >= MAX_FAILED_LOGINS)
      throw new Farewell('Cok sayida hatali giris / Too many failed logins')
    throw result.reason === 'delayed'
      ? no('UNAVAILABLE', 'Cok sayida hatali giris', 'Too many failed logins, try again later')
      : no('AUTHENTICATIONFAILED', 'Kullanici adi veya parola yanlis', 'User name or password is wrong')
  }
  if (!session.admission.bind(result.account.address))
    throw no('LIMIT', 'Cok sayida baglanti', 'Too many connections of this account')
  session.logIn({ login: result.login, account: result.account, person: result.person })
  session.input.silenceMs = IDLE_MS
  return `[CAPABILITY ${capabilities(session)}] Hos geldiniz / Welcome`
}
