import { z } from 'zod'
import { providerDomain } from '../../../config/values.ts'
import { PeerError } from '../../relay/peers.ts'
import { OperationError } from './operation.ts'

export const providerSchema = z.strictObject({ provider: z.string().toLowerCase().pipe(providerDomain) })

/** What the directory refuses is told under its own code. */
export async function told<T>(change: Promise<T>): Promise<T> {
  try {
    return await change
  } catch (error) {
    if (error instanceof PeerError) throw new OperationError(error.code, error.message, { cause: error })
    throw error
  }
}
