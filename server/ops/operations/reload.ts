import { z } from 'zod'
import { change, OperationError } from './operation.ts'

/** Makes the running daemon read its configuration anew. */
export const reload = change(
  'reload',
  z.strictObject({}),
  () => ({}),
  async (parts): Promise<{ needsRestart: readonly string[] }> => {
    if (parts.reload === undefined)
      throw new OperationError('NO_DAEMON', 'no daemon runs on this data folder')
    return parts.reload()
  },
)
