import { homedir } from 'node:os'
import { join } from 'node:path'

/** The only place that reads the environment. */
export const environment = {
  /** Configuration file, where --config is not given. */
  config: process.env['OPENKEP_CONFIG'],
  /** Data folder, where --data is not given. */
  data: process.env['OPENKEP_DATA'],
  /** Language of people's screens: Turkish where the locale says so, else English. */
  language: (process.env['LC_ALL'] ?? process.env['LC_MESSAGES'] ?? process.env['LANG'] ?? '').startsWith(
    'tr',
  )
    ? ('tr' as const)
    : ('en' as const),
  /** On a machine that builds and tests by itself nothing may be missing, so nothing is passed over. */
  continuous: process.env['CI'] !== undefined,
  /** A real MongoDB for tests and figures, where there is one. */
  mongodb: process.env['MONGODB_URI'],
  /** Against which server the contract of the store is tried; absent: all that need nothing but Node. */
  contractServer: process.env['OPENKEP_CONTRACT_SERVER'],
  /** Where scripts/install-test-tools keeps what is no package of the distribution. */
  testTools: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'openkep-test-tools'),
} as const
