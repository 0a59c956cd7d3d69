import { z } from 'zod'
import { asFolderRefusal } from './folder-refusal.ts'
import { change, OperationError } from './operation.ts'
import { folderSchema } from './schemas.ts'

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
    folder: folderSchema,
  }),
  ({ folder }) => ({ details: { folder } }),
  async ({ backUp }, { folder }, progress): Promise<BackupReport> => {
    if (backUp === undefined)
      throw new OperationError('NOT_HERE', 'a backup is made on the machine itself: kepctl backup')
    try {
      return await backUp(folder, progress)
    } catch (error) {
      throw asFolderRefusal(error, folder)
    }
  },
)
