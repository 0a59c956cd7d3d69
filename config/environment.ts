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
} as const
