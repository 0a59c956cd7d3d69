import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyRequest } from 'fastify'
import { KeyFileError } from '../../key-files.ts'

/** One that may ask, as the records name it, and the file that holds its token. */
export interface TokenFile {
  readonly name: string
  readonly file: string
}

/** 32 characters of base64 are 192 bits; what is shorter was typed by a person. */
export const MIN_TOKEN = 32

/** Answers with the name to a token; every token is compared, in the same time. */
export async function readTokens(
  files: readonly TokenFile[],
): Promise<(request: FastifyRequest) => string | undefined> {
  const known = await Promise.all(
    files.map(async ({ name, file }) => {
      const token = (await readFile(file, 'utf8')).trim()
      if (token.length < MIN_TOKEN)
        throw new KeyFileError(file, `a token has at least ${MIN_TOKEN} characters`)
      return { name, digest: digestOf(token) }
    }),
  )
  return ({ headers: { authorization } }) => {
    const given = digestOf(/^Bearer +(\S+)$/.exec(authorization ?? '')?.[1] ?? '')
    let found: string | undefined
    for (const { name, digest } of known) if (timingSafeEqual(digest, given)) found = name
    return found
  }
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest()
