import { change, OperationError } from './operation.ts'
import { queueIdSchema, queueLineOf, refusedBecause, rowNamed } from './queue-row.ts'

/** As rows show it, and therefore in one language. */
const HELD = 'held by the operator'

export interface QueueChange {
  readonly id: string
}

const describe = ({ id }: { id: string }) => ({ details: { queueId: id } })

/** Tries a row now that waits for its next attempt, and its peer, whatever is known of it. */
export const queueRetry = change(
  'queue retry',
  queueIdSchema,
  describe,
  async (parts, { id }): Promise<QueueChange> => {
    const { key, queue } = await rowNamed(parts, id)
    if (!(await parts.store.work.amend(key, 'pending', { due: parts.clock.now().getTime() })))
      throw await refusedBecause(parts, id, 'pending')
    parts.relay?.retryNow(queue)
    return { id }
  },
)

/** Not tried again until it is released; its deadline goes on. */
export const queueHold = change(
  'queue hold',
  queueIdSchema,
  describe,
  async (parts, { id }): Promise<QueueChange> => {
    const { key } = await rowNamed(parts, id)
    if (!(await parts.store.work.amend(key, 'pending', { held: HELD })))
      throw await refusedBecause(parts, id, 'pending')
    return { id }
  },
)

export const queueRelease = change(
  'queue release',
  queueIdSchema,
  describe,
  async (parts, { id }): Promise<QueueChange> => {
    const { key } = await rowNamed(parts, id)
    if (!(await parts.store.work.amend(key, 'held', { due: parts.clock.now().getTime() })))
      throw await refusedBecause(parts, id, 'held')
    return { id }
  },
)

/**
 * Ends a dispatch as a relay failure, with its evidence, which only the daemon can make. Evidence is no outcome of
 * anything: it can be held, and nobody can give it up.
 */
export const queueFail = change(
  'queue fail',
  queueIdSchema,
  describe,
  async (parts, { id }): Promise<QueueChange> => {
    const { failSend } = parts
    if (failSend === undefined) throw new OperationError('NO_DAEMON', 'no daemon runs on this data folder')
    const { key, queue, row } = await rowNamed(parts, id)
    if (queueLineOf(row, queue).what === 'evidence')
      throw new OperationError('WRONG_STATE', `${id} is an evidence message, which the peer is owed`)
    // Held first: from then on no attempt can begin that would succeed after all.
    if (row.state !== 'held' && !(await parts.store.work.amend(key, 'pending', { held: HELD })))
      throw await refusedBecause(parts, id, 'pending')
    if (!(await failSend(key)))
      throw new OperationError('WRONG_STATE', `${id} has its outcome already; it stays held`)
    return { id }
  },
)
