import { join } from 'node:path'

export interface KeyFiles {
  readonly key: string
  readonly certificate: string
}

/** Where the development provider keeps what it made, under the data folder. */
export interface DevelopmentFiles {
  readonly authority: KeyFiles
  readonly provider: KeyFiles
  readonly tsa: KeyFiles
  readonly tls: KeyFiles
  /** Serial numbers that the CRL lists. */
  readonly revoked: string
  user(address: string): KeyFiles & { readonly p12: string }
}

export function developmentFiles(folder: string): DevelopmentFiles {
  const at = (...names: string[]): string => join(folder, 'dev', ...names)
  const pair = (name: string): KeyFiles => ({
    key: at(`${name}.key.pem`),
    certificate: at(`${name}.crt.pem`),
  })
  return {
    authority: { key: at('ca.key.pem'), certificate: at('ca.pem') },
    provider: pair('provider'),
    tsa: pair('tsa'),
    tls: pair('tls'),
    revoked: at('revoked.json'),
    user: (address) => ({ ...pair(join('users', address)), p12: at('users', `${address}.p12`) }),
  }
}
