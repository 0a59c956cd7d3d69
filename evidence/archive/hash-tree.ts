/**
 * The hash tree of RFC 4998: a node is the digest of its children's digests in ascending order, so that a proof is lists of
 * digests and needs no word on which child was where. Nodes have two children; the last of an odd number goes up as it is.
 * [RFC 4998 §4.2]
 */
import { hash as digestOf } from 'node:crypto'
import type { HashName } from '../ports.ts'

/** What stands beside the way from a node to the root, from the bottom up. */
export type HashPath = readonly (readonly Uint8Array[])[]

/** Holds twice as many digests as it has nodes at the bottom. */
export class HashTree {
  readonly #levels: readonly (readonly Uint8Array[])[]

  /** @param nodes one or more */
  constructor(hash: HashName, nodes: readonly Uint8Array[]) {
    if (nodes.length === 0) throw new RangeError('a tree of nothing')
    const levels = [nodes]
    for (let level = nodes; level.length > 1; levels.push(level)) level = levelAbove(hash, level)
    this.#levels = levels
  }

  get root(): Uint8Array {
    return this.#levels.at(-1)![0]!
  }

  /** From the bottom node of this index to the root. */
  path(index: number): HashPath {
    if (this.#levels[0]![index] === undefined) throw new RangeError('no such node in the tree')
    return this.#levels.flatMap((level, height) => {
      const sibling = level[Math.floor(index / 2 ** height) ^ 1]
      return sibling === undefined ? [] : [[sibling]]
    })
  }
}

const levelAbove = (hash: HashName, level: readonly Uint8Array[]): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(level.length / 2) }, (_, pair) =>
    nodeOf(hash, level.slice(2 * pair, 2 * pair + 2)),
  )

/** The node of digests that belong together: one stays itself. */
export function nodeOf(hash: HashName, digests: readonly Uint8Array[]): Uint8Array {
  const [only] = digests
  if (only !== undefined && digests.length === 1) return only
  return digestOf(hash, Buffer.concat(digests.toSorted(Buffer.compare)), 'buffer')
}

/** The lists of an archive time-stamp: the objects' own digests first, with those beside them where there is but one. */
export function reducedTree(objects: readonly Uint8Array[], path: HashPath): HashPath | undefined {
  if (objects.length > 1) return [objects.toSorted(Buffer.compare), ...path]
  const [beside, ...above] = path
  return beside === undefined ? undefined : [[...objects, ...beside].toSorted(Buffer.compare), ...above]
}

/** What a time-stamp over these lists must be about. [RFC 4998 §4.3] */
export function rootOfReduced(hash: HashName, lists: HashPath): Uint8Array {
  let node: Uint8Array | undefined
  for (const list of lists) node = nodeOf(hash, node === undefined ? list : [...list, node])
  if (node === undefined) throw new RangeError('a tree of nothing')
  return node
}
