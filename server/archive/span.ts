import { hash as digestOf } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import {
  GENESIS,
  type HashName,
  HashTree,
  leafOf,
  nodeOf,
  positionOf,
  writePosition,
} from '../../evidence/index.ts'
import { type ChainEntry, type Store, StoreError } from '../../storage/port.ts'
import { stageBytes } from '../stage-bytes.ts'
import { type ChainName, LEAF_HASH } from './chain-archive.ts'
import type { Span } from './seal-record.ts'

/** In one tree, which is built in some ms without a pause when a proof is made; a seal has as many as it needs. */
export const MAX_SPAN = 4_096
/** Entries read and digested between two turns of the loop: some 2 ms. */
const PAGE = 16

/** What a seal covers of one entry: its octets, and where it stands. */
export type SealedObjects = readonly [octets: Uint8Array, position: Uint8Array]

export const objectsOf = (chain: ChainName, { seq, prev, hash, bytes }: ChainEntry): SealedObjects => [
  bytes,
  writePosition(positionOf({ chain, sequence: seq, previous: prev, leaf: hash, octets: bytes })),
]

/** In order; each is followed from the one before, so that nothing is sealed that does not belong to its chain. */
export async function* walkEntries(
  store: Pick<Store, 'chain'>,
  chain: ChainName,
  from: number,
  upTo: number,
): AsyncGenerator<ChainEntry> {
  let previous = from === 1 ? GENESIS : await hashOf(store, chain, from - 1)
  for (let next = from; next <= upTo; await turn()) {
    const page = await store.chain.read(chain, next, Math.min(PAGE, upTo - next + 1))
    for (const entry of page) {
      const { seq, prev, hash, bytes } = entry
      const leaf = leafOf({ chain, sequence: seq, algorithm: LEAF_HASH, previous: prev, octets: bytes })
      const follows = Buffer.compare(prev, previous) === 0
      if (seq !== next || !follows || Buffer.compare(leaf.hash, hash) !== 0)
        throw new StoreError('CORRUPT', `the chain ${chain} is broken at ${next}`)
      previous = hash
      next++
      yield entry
    }
    if (page.length === 0) throw new StoreError('CORRUPT', `the chain ${chain} ends before ${next}`)
  }
}

async function hashOf(store: Pick<Store, 'chain'>, chain: ChainName, sequence: number): Promise<Uint8Array> {
  const [entry] = await store.chain.read(chain, sequence, 1)
  if (entry?.seq !== sequence) throw new StoreError('CORRUPT', `the chain ${chain} is broken at ${sequence}`)
  return entry.hash
}

/** Makes the tree of a span and keeps its bottom. */
export async function makeSpan(
  store: Pick<Store, 'chain' | 'blobs'>,
  hash: HashName,
  { chain, from, upTo }: Pick<Span, 'chain' | 'from' | 'upTo'>,
  digests = (objects: SealedObjects, _index: number): readonly Uint8Array[] =>
    objects.map((octets) => digestOf(hash, octets, 'buffer')),
): Promise<Span> {
  const nodes: Uint8Array[] = []
  for await (const entry of walkEntries(store, chain, from, upTo))
    nodes.push(nodeOf(hash, digests(objectsOf(chain, entry), nodes.length)))
  const tree = await store.blobs.save(await stageBytes(store, Buffer.concat(nodes)), 'archive')
  const { root } = await HashTree.of(hash, nodes)
  return { chain, from, upTo, tree, root: Buffer.from(root).toString('base64') }
}

export async function readTree(
  store: Pick<Store, 'blobs'>,
  hash: HashName,
  { tree, from, upTo }: Pick<Span, 'tree' | 'from' | 'upTo'>,
): Promise<HashTree> {
  const octets = await store.blobs.read(tree)
  const size = octets.length / (upTo - from + 1)
  return HashTree.of(
    hash,
    Array.from({ length: upTo - from + 1 }, (_, index) => octets.subarray(index * size, (index + 1) * size)),
  )
}
