import { PackTooLarge } from '../../archive/audit-pack.ts'
import { NothingToExport } from '../../archive/desk.ts'
import { OperationError } from './operation.ts'

/** Of writing a new folder: what the operator can do something about; damage and the like are no refusals. */
export function asFolderRefusal(error: unknown, folder: string): unknown {
  if (error instanceof NothingToExport)
    return new OperationError('NOT_FOUND', `${error.message}: nothing was written`)
  if (error instanceof PackTooLarge)
    return new OperationError(
      'TOO_LARGE',
      `${error.message}: nobody could verify such a pack, export by time (--from, --to) and delete ${folder}`,
    )
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'UNAVAILABLE') return new OperationError('IN_WORK', (error as Error).message)
  if (code === 'EEXIST' || code === 'ENOTEMPTY')
    return new OperationError('WRONG_STATE', `${folder} is there already: name a new folder`)
  if (['ENOENT', 'EACCES', 'EROFS', 'ENOSPC', 'ENOTDIR', 'FULL'].includes(code))
    return new OperationError('CANNOT_WRITE', `${folder}: ${(error as Error).message}`)
  return error
}
