import { KeyError, TimestampError } from '../../../evidence/index.ts'
import { PackTooLarge } from '../../archive/audit-pack.ts'
import { NothingToExport } from '../../archive/desk.ts'
import { FolderLeft } from '../../archive/pack-folder.ts'
import { OperationError } from './operation.ts'

/** Of writing a new folder: what the operator can do something about; damage and the like are no refusals. */
export function asFolderRefusal(error: unknown, folder: string): unknown {
  if (error instanceof FolderLeft)
    return refusalOf(error.cause, folder, `delete ${folder}, which could not be removed`) ?? error
  return refusalOf(error, folder, 'nothing was written') ?? error
}

function refusalOf(error: unknown, folder: string, left: string): OperationError | undefined {
  if (error instanceof NothingToExport) return new OperationError('NOT_FOUND', `${error.message}: ${left}`)
  if (error instanceof PackTooLarge)
    return new OperationError(
      'TOO_LARGE',
      `${error.message}: nobody could verify such a pack, export by time (--from, --to); ${left}`,
    )
  const unsigned = asSigningRefusal(error, left)
  if (unsigned !== undefined) return unsigned
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'UNAVAILABLE') return new OperationError('IN_WORK', (error as Error).message)
  if (code === 'EEXIST' || code === 'ENOTEMPTY')
    return new OperationError('WRONG_STATE', `${folder} is there already: name a new folder`)
  if (['ENOENT', 'EACCES', 'EROFS', 'ENOSPC', 'ENOTDIR', 'FULL'].includes(code))
    return new OperationError('CANNOT_WRITE', `${folder}: ${(error as Error).message}; ${left}`)
  return undefined
}

/**
 * Of what is signed and stamped for an operator: undefined where it failed for another reason.
 *
 * @param left what is there all the same
 */
export function asSigningRefusal(error: unknown, left: string): OperationError | undefined {
  if (error instanceof TimestampError)
    return new OperationError(
      'NO_TIMESTAMP',
      `no TSA gave a time-stamp that counts (${error.message}): ${left}; try again once one of tsa.urls answers`,
      { cause: error },
    )
  if (error instanceof KeyError)
    return new OperationError(
      'CANNOT_SIGN',
      `the key of the archive does not sign now (${error.message}): ${left}; see to the key, then try again`,
      { cause: error },
    )
  return undefined
}
