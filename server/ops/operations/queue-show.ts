import { readPositions } from '../../../mail/positions.ts'
import { readRecord } from '../../message-records.ts'
import type { SendPayload } from '../../relay/payloads.ts'
import { operation } from './operation.ts'
import { type QueueLine, queueIdSchema, queueLineOf, rowNamed } from './queue-row.ts'

export interface ShownQueueRow extends QueueLine {
  /** Of the message that it is about, with brackets. */
  readonly messageId: string | undefined
  /** Positions and addresses to which it still goes. */
  readonly recipients: readonly { readonly position: number; readonly address: string }[]
}

export const queueShow = operation(queueIdSchema, async (parts, { id }): Promise<ShownQueueRow> => {
  const { row, queue, key } = await rowNamed(parts, id)
  const { store } = parts
  const payload: SendPayload = JSON.parse(row.payload)
  const intake = await store.intake(key.intake)
  const record = intake && (await readRecord(store, intake))
  const positions = readPositions(payload.positions ?? '')
  return {
    ...queueLineOf(row, queue),
    messageId: record?.messageId,
    recipients:
      payload.to === undefined
        ? positions.map((position) => ({
            position,
            address: record?.recipients[position - 1]?.address ?? '',
          }))
        : [{ position: key.recipient, address: payload.to }],
  }
})
