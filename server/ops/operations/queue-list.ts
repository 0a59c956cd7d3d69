import { z } from 'zod'
import { providerDomain } from '../../../config/values.ts'
import { isNoticeQueue } from '../../notify/notice.ts'
import { readQueueId } from '../../relay/queue-id.ts'
import { OperationError, operation } from './operation.ts'
import { type QueueLine, queueLineOf } from './queue-row.ts'
import { idSchema } from './schemas.ts'

export interface QueuePage {
  readonly rows: readonly QueueLine[]
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined
}

const PAGE = 500

/** Of one peer, or of all in order of domain; within a queue in order of key. */
export const queueList = operation(
  z.strictObject({
    peer: z.string().toLowerCase().pipe(providerDomain).optional(),
    /** The id of the last row of the page before. */
    after: idSchema.optional(),
    limit: z.number().int().min(1).max(PAGE).default(PAGE),
  }),
  async ({ store }, { peer, after, limit }): Promise<QueuePage> => {
    const from = after === undefined ? undefined : readQueueId(after)
    if (after !== undefined && from === undefined)
      throw new OperationError('BAD_ARGUMENTS', `${after} is no id of a queue`)
    const names =
      peer === undefined
        ? (await store.work.queues()).map(({ queue }) => queue).filter((queue) => !isNoticeQueue(queue))
        : [peer]
    const rows: QueueLine[] = []
    for (const queue of names.filter((name) => from === undefined || name >= from.queue).sort()) {
      const left = limit - rows.length
      if (left === 0) break
      const page = await store.work.queued(queue, queue === from?.queue ? from.key : undefined, left)
      rows.push(...page.map((row) => queueLineOf(row, queue)))
    }
    return { rows, next: rows.length < limit ? undefined : rows.at(-1)?.id }
  },
)
