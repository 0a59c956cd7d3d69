/** Files that people name: what cannot be read is told in their language, with a code, and never as what Node says of it. */
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Refused } from './command.ts'
import type { Screen } from './screen.ts'

/** A dispatch of the largest message is some 140 MB; what is larger was not made by a provider. */
const MAX_FILE_OCTETS = 512 * 1024 * 1024

/** What a person named cannot be looked at. */
export class CannotLook extends Refused {}

/** A plain file, whole. A device or a pipe may never end, so it is not read. Throws CannotLook. */
export async function readGiven(file: string, screen: Screen): Promise<Buffer> {
  return await looking(screen, async () => {
    // A pipe would keep who opens it waiting for its other end.
    await using given = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = await given.stat()
    if (!found.isFile())
      throw new CannotLook(
        'NOT_A_FILE',
        screen.text({ tr: `${file}: düz bir dosya değil`, en: `${file}: no regular file` }),
      )
    if (found.size > MAX_FILE_OCTETS)
      throw new CannotLook(
        'TOO_LARGE',
        screen.text({
          tr: `${file}: dosya çok büyük (512 MB üstü)`,
          en: `${file}: too large a file (over 512 MB)`,
        }),
      )
    return await given.readFile()
  })
}

/** Throws CannotLook where nothing is there, or nothing that may be seen. */
export const isFolder = async (file: string, screen: Screen): Promise<boolean> =>
  await looking(screen, async () => (await stat(file)).isDirectory())

/** What the system refuses within becomes CannotLook. */
export async function looking<T>(screen: Screen, look: () => Promise<T>): Promise<T> {
  try {
    return await look()
  } catch (error) {
    const refusal = fileRefusal(error, screen)
    if (refusal === undefined) throw error
    throw new CannotLook(refusal.code, refusal.message, { cause: error })
  }
}

/** Why a file cannot be used; undefined for errors about anything else. */
export function fileRefusal(
  error: unknown,
  screen: Screen,
): { readonly code: string; readonly message: string } | undefined {
  if (!(error instanceof Error) || !('code' in error && 'path' in error) || typeof error.path !== 'string')
    return undefined
  const { code, path } = error
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return {
        code: 'NO_SUCH_FILE',
        message: screen.text({ tr: `${path}: böyle bir dosya yok`, en: `${path}: there is no such file` }),
      }
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'NOT_READABLE',
        message: screen.text({ tr: `${path}: erişim izni yok`, en: `${path}: access is not permitted` }),
      }
    case 'EISDIR':
      return {
        code: 'NOT_A_FILE',
        message: screen.text({ tr: `${path}: bir klasör`, en: `${path}: a folder` }),
      }
    case 'ENXIO':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'EIO':
      return {
        code: 'NOT_READABLE',
        message: screen.text({
          tr: `${path}: okunamıyor (${code})`,
          en: `${path}: cannot be read (${code})`,
        }),
      }
    default:
      return undefined
  }
}
