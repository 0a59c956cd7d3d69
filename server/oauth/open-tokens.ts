import { readFile } from 'node:fs/promises'
import type { LoginSettings } from '../../config/login.ts'
import type { Clock } from '../../mail/clock.ts'
import { readPem } from '../key-files.ts'
import { fetchKeys } from './fetch-keys.ts'
import { KeySet } from './key-set.ts'
import { TokenJudge } from './token-judge.ts'

/**
 * undefined where nobody logs in by a token. The issuer is asked when the first token comes, since a start must not wait for it.
 * Rejects with KeyFileError.
 */
export async function openTokens(
  { oauth }: LoginSettings,
  clock: Clock,
  failed: (error: Error) => void,
): Promise<TokenJudge | undefined> {
  if (oauth === undefined) return undefined
  const { jwks, jwksFile } = oauth
  const ca = await Promise.all(oauth.ca.map(readPem))
  const read = (): Promise<string> =>
    jwks === undefined ? readFile(jwksFile ?? '', 'utf8') : fetchKeys(jwks, ca)
  return new TokenJudge(oauth, new KeySet(read, clock, failed), clock)
}
