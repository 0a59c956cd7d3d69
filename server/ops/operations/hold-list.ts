import { z } from 'zod'
import { type Hold, Holds } from '../../retention/holds.ts'
import { operation } from './operation.ts'

/** Every hold, accounts first. */
export const holdList = operation(
  z.strictObject({}),
  async ({ store }): Promise<{ holds: readonly Hold[] }> => ({ holds: await new Holds(store).list() }),
)
