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

/** Checks one login; answers the text after OK with the capabilities that hold from now on. */
export async function logIn(session: Session, given: Credentials): Promise<string> {
  const { desk, events } = session.parts
  const [name, authzid, password] = [given.name, given.authzid, given.password].map(decodeUtf8)
  const result =
    name === undefined || authzid === undefined || password === undefined
      ? ({ ok: false, reason: 'wrong' } as const)
      : await desk.check({ name, authzid, password, ip: session.ip, service: 'imap' })
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
