/**
 * The hash tree of RFC 4998: a node is the digest of its children's digests in ascending order, so that a proof is lists of
 * digests and needs no word on which child was where. Nodes have two children; the last of an odd number goes up as it is.
 * [RFC 4998 §4.2]
 */
import { hash as digestOf } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { HashName } from '../ports.ts'

/** What stands beside the way from a node to the root, from the bottom up. */
export type HashPath = readonly (readonly Uint8Array[])[]

/** Nodes made between two turns of the loop: some 3 ms. */
const AT_ONCE = 2_048

/** Holds twice as many digests as it has nodes at the bottom. */
export class HashTree {
  readonly #levels: readonly (readonly Uint8Array[])[]

  private constructor(levels: readonly (readonly Uint8Array[])[]) {
    this.#levels = levels
  }

  /** @param nodes one or more; others have their turn while many are joined */
  static async of(hash: HashName, nodes: readonly Uint8Array[]): Promise<HashTree> {
    if (nodes.length === 0) throw new RangeError('a tree of nothing')
    const levels = [nodes]
    for (let level = nodes; level.length > 1; levels.push(level)) level = await levelAbove(hash, level)
    return new HashTree(levels)
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

async function levelAbove(hash: HashName, level: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const above: Uint8Array[] = []
  for (let at = 0; at < level.length; at += 2) {
    above.push(nodeOf(hash, level.slice(at, at + 2)))
    if (above.length % AT_ONCE === 0) await turn()
  }
  return above
}

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
