import { z } from 'zod'
import type { RecordedEvent } from '../../event-log/event-log.ts'
import { OperationError, operation } from './operation.ts'
import { addressSchema, handleSchema, timeSchema, untilSchema } from './schemas.ts'

export interface LogPage {
  readonly events: readonly RecordedEvent[]
  /** Where the next page begins; undefined on the last. */
  readonly next: number | undefined
}

const PAGE = 500

/** What happened, in order; of one account, or of one of its persons. Half-open in time. */
export const logList = operation(
  z.strictObject({
    from: timeSchema.optional(),
    to: untilSchema.optional(),
    account: addressSchema.toLowerCase().optional(),
    person: handleSchema.optional(),
    after: z.number().int().nonnegative().default(0),
    limit: z.number().int().min(1).max(PAGE).default(PAGE),
  }),
  async ({ eventLog }, { after, limit, ...filter }): Promise<LogPage> => {
    if (filter.person !== undefined && filter.account === undefined)
      throw new OperationError('BAD_ARGUMENTS', 'a person is one of an account: name the account too')
    if ((filter.from ?? 0) >= (filter.to ?? Number.POSITIVE_INFINITY))
      throw new OperationError('BAD_ARGUMENTS', 'the span ends before it begins')
    const events = await eventLog.list(filter, after, limit)
    return { events, next: events.length < limit ? undefined : events.at(-1)?.sequence }
  },
)
