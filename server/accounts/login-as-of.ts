import { createHash } from 'node:crypto'
import { blockListOf } from '../../config/values.ts'
import type { KepAccount, Login, Person } from '../../mail/account.ts'

/** Account and person as they are now; undefined where that login would not be good any more. */
export function loginAsOf(
  account: KepAccount | undefined,
  login: Pick<Login, 'handle' | 'ip' | 'method' | 'proof'>,
): { account: KepAccount; person: Person } | undefined {
  const person = account?.persons.find((one) => one.active && one.handle === login.handle)
  if (account === undefined || person === undefined) return undefined
  return mayLogIn(account) && stillProves(person, login) && isFromOwnNetwork(person, login.ip)
    ? { account, person }
    : undefined
}

/**
 * A password that was changed since, or a certificate that was taken back, proves nothing any more. What a token proves is its
 * issuer's to say, until it runs out.
 */
function stillProves(person: Person, { method, proof }: Pick<Login, 'method' | 'proof'>): boolean {
  switch (method) {
    case 'certificate':
      return person.loginCertificates?.includes(proof) === true
    case 'password':
      return person.passwordHash !== undefined && proofOf(person.passwordHash) === proof
    case 'oauth':
      return true
  }
}

/** Tells one password from the next, and nothing of either. */
export const proofOf = (passwordHash: string): string =>
  createHash('sha256').update(passwordHash).digest('hex').slice(0, 32)

/** Why a login was refused, for the record alone: whoever asked is told the same of each. */
export const because = (person: Person, ip: string): 'account' | 'network' =>
  isFromOwnNetwork(person, ip) ? 'account' : 'network'

/** Closed accounts stay readable; pending and locked ones are shut. */
const mayLogIn = (account: KepAccount): boolean => account.state === 'active' || account.state === 'closed'

/** IP Kısıtlama. */
const isFromOwnNetwork = ({ networks }: Person, ip: string): boolean =>
  networks === undefined || blockListOf(networks)?.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4') === true
