import { z } from 'zod'
import type { WorkRow } from '../../../storage/port.ts'
import type { SendPayload } from '../../relay/payloads.ts'
import { type QueueId, queueIdOf, readQueueId } from '../../relay/queue-id.ts'
import { OperationError, type OperationParts } from './operation.ts'
import { idSchema } from './schemas.ts'

export interface QueueLine {
  readonly id: string
  readonly peer: string
  readonly what: SendPayload['what']
  readonly state: WorkRow['state']
  /** ISO 8601, UTC. */
  readonly since: string
  readonly next: string
  readonly attempts: number
  readonly error: string | undefined
  /** `data`: just now on its way past the last octets, or was when the process ended. */
  readonly phase: SendPayload['phase']
  /** Since when the peer may have it without having said so. */
  readonly uncertain: string | undefined
  /** Octets. */
  readonly size: number
}

export function queueLineOf(row: WorkRow, peer: string): QueueLine {
  const { what, phase, uncertain, mail, tries = 0 }: SendPayload = JSON.parse(row.payload)
  return {
    id: queueIdOf(row, peer),
    peer,
    what,
    state: row.state,
    since: new Date(row.since).toISOString(),
    next: new Date(row.due).toISOString(),
    attempts: row.attempts + tries,
    error: row.error,
    phase,
    uncertain,
    size: mail.size,
  }
}

export const queueIdSchema = z.strictObject({ id: idSchema })

/** Rejects with OperationError where the text names no row of a queue. */
export async function rowNamed(
  { store }: Pick<OperationParts, 'store'>,
  id: string,
): Promise<QueueId & { row: WorkRow }> {
  const named = readQueueId(id)
  const row = named && (await store.work.get(named.key.intake, named.key.recipient, named.key.slot))
  if (named === undefined || row === undefined || row.queue !== named.queue)
    throw new OperationError('NOT_FOUND', `there is nothing ${id} in any queue`)
  return { ...named, row }
}

/** Why a change was not made, once it was not. */
export async function refusedBecause(
  parts: Pick<OperationParts, 'store'>,
  id: string,
  wanted: WorkRow['state'],
): Promise<OperationError> {
  const { row } = await rowNamed(parts, id)
  if (row.state === wanted)
    return new OperationError('IN_WORK', `${id} is on its way just now: wait until the attempt has ended`)
  const now = { done: 'done', held: 'held', pending: 'waiting for its next attempt' }[row.state]
  return new OperationError('WRONG_STATE', `${id} is ${now}`)
}
