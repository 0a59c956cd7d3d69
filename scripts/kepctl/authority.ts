import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { developmentFiles } from '../../server/development/files.ts'
import type { Arguments } from './arguments.ts'

/** PEM of the development provider's CA where its data folder is at hand. */
export async function authorityOf(args: Arguments): Promise<string | undefined> {
  const { certificate } = developmentFiles(resolve(args.data)).authority
  return existsSync(certificate) ? readFile(certificate, 'utf8') : undefined
}
