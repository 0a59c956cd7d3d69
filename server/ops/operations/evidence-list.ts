import { z } from 'zod'
import type { ChainEntry } from '../../../storage/port.ts'
import { EVIDENCE_CHAIN } from '../../archive/chain-archive.ts'
import type { EvidenceMeta } from '../../issue/issuer.ts'
import { operation } from './operation.ts'
import { addressSchema, timeSchema, untilSchema } from './schemas.ts'

export interface EvidenceLine {
  readonly sequence: number
  readonly id: string
  /** ISO 8601, UTC: when the event happened; for a peer's evidence, when it came. */
  readonly at: string
  /** Of whom it is, where it is a peer's; and the EventTime that it states. */
  readonly provider: string | undefined
  /** Of a negative outcome of ours. */
  readonly reason: string | undefined
  readonly eventTime: string | undefined
  /** Of the delivery of an e-Tebligat: when it counts as served. */
  readonly served: EvidenceMeta['served'] | undefined
  readonly root: string
  readonly outcome: string
  /** Position of the recipient that it refers to, from 1. */
  readonly recipient: number | undefined
  readonly messageId: string
  /** ISO 8601, UTC: nothing removes it before. */
  readonly keepUntil: string
}

export interface EvidencePage {
  readonly evidence: readonly EvidenceLine[]
  /** Where the next page begins; undefined on the last. */
  readonly next: number | undefined
}

const PAGE = 500

/** Half-open in time. */
export const evidenceFilterSchema = z.strictObject({
  from: timeSchema.optional(),
  to: untilSchema.optional(),
  party: addressSchema.toLowerCase().optional(),
  after: z.number().int().nonnegative().default(0),
})

/** In the order of the archive. */
export const evidenceList = operation(
  evidenceFilterSchema.extend({ limit: z.number().int().min(1).max(PAGE).default(PAGE) }),
  async ({ store }, { after, limit, ...filter }): Promise<EvidencePage> => {
    const entries = await store.chain.list(EVIDENCE_CHAIN, definedOnly(filter), after, limit)
    return { evidence: entries.map(lineOf), next: nextAfter(entries, limit) }
  },
)

export const nextAfter = (entries: readonly ChainEntry[], limit: number): number | undefined =>
  entries.length < limit ? undefined : entries.at(-1)?.seq

export function lineOf(entry: ChainEntry): EvidenceLine {
  const meta: EvidenceMeta = JSON.parse(entry.meta)
  return {
    sequence: entry.seq,
    id: entry.eventId,
    at: new Date(entry.at).toISOString(),
    provider: meta.provider,
    reason: meta.reason,
    eventTime: meta.eventTime,
    served: meta.served,
    root: meta.root,
    outcome: meta.outcome,
    recipient: meta.recipient,
    messageId: meta.messageId,
    keepUntil: new Date(entry.keepUntil).toISOString(),
  }
}

export const definedOnly = (filter: {
  from?: number | undefined
  to?: number | undefined
  party?: string | undefined
}) => ({
  ...(filter.from === undefined ? {} : { from: filter.from }),
  ...(filter.to === undefined ? {} : { to: filter.to }),
  ...(filter.party === undefined ? {} : { party: filter.party }),
})
