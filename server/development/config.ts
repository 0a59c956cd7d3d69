import { developmentFile, loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import type { Authority } from './authority.ts'

/** Where the CA's list and the TSA listen unless told otherwise; config/development.yaml names the same port. */
export const AUTHORITY_PORT = 10_318

/** Settings by path, as `['listen', 'http', 'port']`. */
export type Changes = readonly (readonly [path: readonly string[], value: unknown])[]

/**
 * config/development.yaml with paths into this data folder and the addresses on which the authority listens.
 * `changes` come last: another domain, free ports. Throws ConfigError.
 */
export const developmentConfig = (
  folder: string,
  { urls }: Pick<Authority, 'urls'>,
  changes: Changes = [],
): Config =>
  loadConfig(developmentFile, {
    folder,
    changes: [[['trust', 'crls'], [urls.crl]], [['tsa', 'urls'], [urls.tsa]], ...changes],
  })
