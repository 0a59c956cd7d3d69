/** Walks a chain from its beginning, or from a point that was proved before, and names the first break. */
import { type ChainEntry, GENESIS, type Leaf, leafOf } from './leaf.ts'

/** A row of the archive: what was stored and the leaf that was stored with it. */
export type StoredEntry = Omit<ChainEntry, 'previous'> & { readonly leaf: Leaf }

export type ChainBreak = 'GAP' | 'OTHER_CHAIN' | 'LEAF_MISMATCH' | 'SHA512_MISMATCH'

export type ChainReport =
  | { readonly ok: true; readonly entries: number; readonly last: number; readonly head: Uint8Array }
  | { readonly ok: false; readonly sequence: number; readonly failure: ChainBreak }

/** The state before the first entry that is walked. */
export interface ChainPosition {
  readonly sequence: number
  readonly head: Uint8Array
}

/** Memory does not grow with the number of entries. Rejects only with what the iterable rejects with. */
export async function checkChain(
  chain: string,
  entries: AsyncIterable<StoredEntry>,
  from: ChainPosition = { sequence: 0, head: GENESIS },
): Promise<ChainReport> {
  let { sequence, head } = from
  for await (const entry of entries) {
    const failure = breakIn(entry, chain, sequence + 1, head)
    if (failure !== undefined) return { ok: false, sequence: sequence + 1, failure }
    sequence++
    head = entry.leaf.hash
  }
  return { ok: true, entries: sequence - from.sequence, last: sequence, head }
}

function breakIn(
  entry: StoredEntry,
  chain: string,
  expected: number,
  previous: Uint8Array,
): ChainBreak | undefined {
  if (entry.chain !== chain) return 'OTHER_CHAIN'
  if (entry.sequence !== expected) return 'GAP'
  const leaf = leafOf({ ...entry, previous })
  if (!Buffer.from(leaf.hash).equals(entry.leaf.hash)) return 'LEAF_MISMATCH'
  return Buffer.from(leaf.sha512).equals(entry.leaf.sha512) ? undefined : 'SHA512_MISMATCH'
}
