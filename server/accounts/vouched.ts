import type { Login, Person } from '../../mail/account.ts'
import type { From, LoginParts, LoginResult } from './login.ts'
import { because, loginAsOf } from './login-as-of.ts'
import { namesOf, personOf } from './login-names.ts'
import type { LoginRecord } from './login-record.ts'

interface Vouched extends From, Pick<Login, 'proof' | 'until'> {
  readonly method: 'certificate' | 'oauth'
  /** `address` or `address/handle`. */
  readonly name: string
  /** Whether what was shown is this person's. */
  readonly isHis: (whom: { readonly address: string; readonly person: Person }) => boolean
}

/** A login that rests on what others made and nobody guesses: a certificate, a token. It is recorded for whom it names. */
export async function vouched(
  { directory, clock }: Pick<LoginParts, 'directory' | 'clock'>,
  record: LoginRecord,
  { name, method, proof, until, ip, service, isHis }: Vouched,
): Promise<LoginResult> {
  const [address, handle] = namesOf({ name, authzid: '' })
  const account = await directory.get(address)
  const person = account === undefined ? undefined : personOf(account, handle)
  if (account === undefined || person === undefined) return { ok: false, reason: 'wrong' }
  const told = { account: address, handle: person.handle, method, ip }
  const at = clock.now().getTime()
  const login: Login = { ...told, at, proof, ...(until !== undefined && { until }) }
  const own = isHis({ address, person })
  const now = own ? loginAsOf(account, login) : undefined
  if (now === undefined) {
    const shown = method === 'oauth' ? 'token' : 'certificate'
    await record.refused({ ...told, service }, own ? because(person, ip) : shown)
    return { ok: false, reason: 'wrong' }
  }
  await record.good({ ...told, service })
  return { ok: true, login, ...now }
}
