import type { ChainEntry, NewChainEntry, Segment } from '../port.ts'
import type { Attempt } from './chain-head.ts'
import type { Named } from './collection.ts'
import { bytes, child, number, optionalText, type Row, text } from './fields.ts'
import { readRef } from './intake-documents.ts'

export const entryDocument = ({ id, chain, fence }: Attempt, entry: NewChainEntry): Named => ({
  _id: `${id}/${entry.seq}`,
  attempt: id,
  token: fence.token,
  chain,
  ...entry,
  intake: entry.intake ?? null,
  parties: [...new Set(entry.parties)],
})

export const readEntry = (row: Row): ChainEntry => ({
  seq: number(row, 'seq'),
  eventId: text(row, 'eventId'),
  prev: octets(row, 'prev'),
  hash: octets(row, 'hash'),
  sha512: octets(row, 'sha512'),
  bytes: octets(row, 'bytes'),
  intake: optionalText(row, 'intake'),
  meta: text(row, 'meta'),
  at: number(row, 'at'),
  keepUntil: number(row, 'keepUntil'),
})

export const readSegment = (row: Row): Segment => ({
  from: number(row, 'from'),
  upTo: number(row, 'upTo'),
  body: readRef(child(row, 'body')),
  seal: octets(row, 'seal'),
  at: number(row, 'at'),
})

/** Octets of their own: the driver's lie in the buffer of a whole reply. */
const octets = (row: Row, field: string): Uint8Array => Uint8Array.from(bytes(row, field))
