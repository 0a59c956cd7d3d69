/**
 * The hash chain under the archive: each entry names its predecessor, so that nothing can be removed, put in between or
 * changed without every later entry telling. Pure functions over octets; the store holds the rows. [RFC 4998 §5]
 */
import { createHash } from 'node:crypto'
import type { HashName } from '../ports.ts'

export interface ChainEntry {
  /** Which chain: `evidence`, `events`, … */
  readonly chain: string
  /** From 1, without gaps. */
  readonly sequence: number
  readonly algorithm: HashName
  /** The leaf of the entry before, or GENESIS for the first. */
  readonly previous: Uint8Array
  readonly octets: Uint8Array
}

export interface Leaf {
  /** Digest by the chain's algorithm over algorithm, chain, sequence, predecessor and octets. */
  readonly hash: Uint8Array
  /** SHA-512 of the octets alone, so that the content stays bound should the chain's algorithm fail. */
  readonly sha512: Uint8Array
}

/** What the first entry names as its predecessor. */
export const GENESIS: Uint8Array = new Uint8Array(0)

/** Every variable field goes in with its length, so that no two entries have one encoding. */
export function leafOf({ chain, sequence, algorithm, previous, octets }: ChainEntry): Leaf {
  if (!Number.isSafeInteger(sequence) || sequence < 1) throw new RangeError('sequence numbers begin with 1')
  const digest = createHash(algorithm).update('openkep archive leaf 1\0')
  for (const field of [Buffer.from(algorithm), Buffer.from(chain), unsigned64(sequence), previous, octets])
    digest.update(unsigned64(field.length)).update(field)
  return { hash: digest.digest(), sha512: createHash('sha512').update(octets).digest() }
}

function unsigned64(value: number): Buffer {
  const octets = Buffer.alloc(8)
  octets.writeBigUInt64BE(BigInt(value))
  return octets
}
