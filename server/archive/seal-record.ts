import { z } from 'zod'
import type { ChainEntry } from '../../storage/port.ts'
import { CHAINS } from './chain-archive.ts'
import { materialSchema } from './material.ts'

/**
 * What stands in the chain of seals; written and read by this program, and by who takes the archive over. Digests and tokens
 * are base64.
 */
const hash = z.enum(['sha256', 'sha384', 'sha512'])
const blob = z.object({ hash: z.string(), size: z.number() })

export const spanSchema = z.object({
  chain: z.enum(CHAINS),
  /** Sequence numbers of its first and last entry. */
  from: z.number(),
  upTo: z.number(),
  /** A node for each entry, one after the other: the bottom of the tree. */
  tree: blob,
  root: z.string(),
})

const common = {
  /** ISO 8601. */
  at: z.string(),
  hash,
  /** Time-stamp over the root. */
  token: z.string(),
  /** Fingerprint of the certificate of who stamped. */
  authority: z.string(),
  /** When the first certificate behind the token runs out; ISO 8601. */
  ends: z.string(),
  /** By which the tokens before this one are judged, as things stood when it was made. */
  material: materialSchema,
}

const seal = z.object({
  kind: z.literal('seal'),
  ...common,
  /** A line each: chain, sequence number and hash of its last entry, then what its tree's root is. */
  heads: z.string(),
  /** CMS over `heads`, detached and time-stamped. */
  signature: z.string(),
  spans: z.array(spanSchema),
})

/** A further time-stamp over the tokens of earlier entries, whose own would soon prove nothing. [RFC 4998 §5.2] */
const renewal = z.object({
  kind: z.literal('renewal'),
  ...common,
  /** Sequence numbers in the chain of seals, ascending. */
  of: z.array(z.number()),
})

/** Everything that was sealed, read again and digested by another algorithm together with its proofs. [RFC 4998 §5.2] */
const rehash = z.object({
  kind: z.literal('rehash'),
  ...common,
  /** Whose tokens it takes the place of. */
  of: z.array(z.number()),
  /** The new trees, which grow with the archive: see `rehashed.ts`. */
  trees: blob,
})

const record = z.discriminatedUnion('kind', [seal, renewal, rehash])

export type SealRecord = z.output<typeof record>
export type Seal = z.output<typeof seal>
export type Span = z.output<typeof spanSchema>

export const sealRecordIn = ({ bytes }: Pick<ChainEntry, 'bytes'>): SealRecord =>
  record.parse(JSON.parse(Buffer.from(bytes).toString()))
