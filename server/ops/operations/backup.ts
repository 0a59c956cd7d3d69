import { z } from 'zod'
import { change, OperationError } from './operation.ts'

export interface BackupReport {
  readonly folder: string
  /** ISO 8601, UTC. */
  readonly madeAt: string
  /** How many records of each kind. */
  readonly counts: Readonly<Record<string, number>>
  /** Of bodies. */
  readonly octets: number
  /** The store key that it can be read with; absent where it is in the clear. */
  readonly sealedUnder?: string
}

/** Everything into a new folder of the machine where the daemon runs. */
export const backup = change(
  'backup',
  z.strictObject({
    /** Absolute; it must not be there yet. */
    folder: z.string().startsWith('/', 'expected an absolute path').max(4096),
  }),
  ({ folder }) => ({ details: { folder } }),
  async ({ backUp }, { folder }, progress): Promise<BackupReport> => {
    if (backUp === undefined)
      throw new OperationError('NOT_HERE', 'a backup is made on the machine itself: kepctl backup')
    try {
      return await backUp(folder, progress)
    } catch (error) {
      throw asRefusal(error, folder)
    }
  },
)

/** What the operator can do something about; damage and the like are no refusals. */
function asRefusal(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'UNAVAILABLE') return new OperationError('IN_WORK', (error as Error).message)
  if (code === 'EEXIST' || code === 'ENOTEMPTY')
    return new OperationError('WRONG_STATE', `${folder} is there already: a backup has a folder of its own`)
  if (['ENOENT', 'EACCES', 'EROFS', 'ENOSPC', 'ENOTDIR', 'FULL'].includes(code))
    return new OperationError('CANNOT_WRITE', `${folder}: ${(error as Error).message}`)
  return error
}
