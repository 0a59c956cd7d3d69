import { hash as digestOf } from 'node:crypto'
import {
  type ArchiveTimeStampChain,
  type HashName,
  type HashPath,
  HashTree,
  nodeOf,
  objectDigests,
  reducedTree,
} from '../../evidence/index.ts'
import { type Store, StoreError } from '../../storage/port.ts'
import type { SealBook } from './seal-book.ts'
import type { Rehash, Seal, SealRecord } from './seal-record.ts'
import { readTree } from './span.ts'

/** Which part of a seal: one of its spans, or what was signed. */
export type SealPart = { readonly span: number } | 'heads'

/** The chains of time-stamps of one object; `index` counts from the first entry of a span. */
export type Prover = (objects: readonly Uint8Array[], index: number) => ArchiveTimeStampChain[]

/** One time-stamp: over the objects themselves, or over the time-stamp before it. */
type Step =
  | {
      readonly over: 'objects'
      readonly hash: HashName
      readonly path: (index: number) => HashPath
      readonly token: Uint8Array
    }
  | {
      readonly over: 'token'
      readonly hash: HashName
      readonly tree: HashPath | undefined
      readonly token: Uint8Array
    }

/** Composes the evidence records of what was sealed, from the seal on through every renewal. [RFC 4998 §3.1] */
export class Proofs {
  readonly #store: Pick<Store, 'blobs'>
  readonly #book: SealBook

  constructor(store: Pick<Store, 'blobs'>, book: SealBook) {
    this.#store = store
    this.#book = book
  }

  /** Reads what all objects of the part have in common once; each object then costs some digests. */
  async prover(seal: number, part: SealPart): Promise<Prover> {
    const steps: Step[] = []
    for (const { sequence } of this.#book.lineage(seal))
      steps.push(await this.#step(await this.#book.record(sequence), seal, part, steps.at(-1)))
    return (objects, index) => {
      const chains: ArchiveTimeStampChain[] = []
      for (const step of steps) {
        const { hash, token } = step
        if (step.over === 'objects')
          chains.push([
            { hash, token, tree: reducedTree(objectDigests(hash, objects, chains), step.path(index)) },
          ])
        else chains.push([...(chains.pop() ?? []), { hash, token, tree: step.tree }])
      }
      return chains
    }
  }

  async #step(record: SealRecord, seal: number, part: SealPart, before: Step | undefined): Promise<Step> {
    const { hash } = record
    const token = Buffer.from(record.token, 'base64')
    if (record.kind !== 'renewal')
      return { over: 'objects', hash, token, path: await this.#pathIn(record, seal, part) }
    const leaves = record.of.map((sequence) => this.#book.all[sequence - 1]!.leaf)
    const own = digestOf(hash, before?.token ?? '', 'buffer')
    const index = leaves.findIndex((leaf) => Buffer.compare(leaf, own) === 0)
    return { over: 'token', hash, token, tree: reducedTree([own], new HashTree(hash, leaves).path(index)) }
  }

  /** From an object of the part up to what the token is about. */
  async #pathIn(record: Seal | Rehash, seal: number, part: SealPart): Promise<(index: number) => HashPath> {
    const top = new HashTree(record.hash, topNodes(record))
    if (part === 'heads') {
      const head = record.kind === 'seal' ? 0 : record.heads.findIndex((one) => one.seal === seal)
      const path = top.path(record.spans.length + head)
      return () => path
    }
    const number = record.kind === 'seal' ? part.span : positionIn(record, seal, part.span)
    const span = record.spans[number]
    if (span === undefined) throw new StoreError('CORRUPT', `seal ${seal} has no span ${part.span}`)
    const tree = await readTree(this.#store, record.hash, span)
    const above = top.path(number)
    return (index) => [...tree.path(index), ...above]
  }
}

/** A rehash lists the spans of its seals in their order. */
function positionIn({ spans }: Rehash, seal: number, span: number): number {
  const first = spans.findIndex((one) => one.seal === seal)
  return first < 0 ? -1 : first + span
}

/** What a token's root is made of: the spans, then what was signed. */
export const topNodes = (
  record:
    | Pick<Seal, 'kind' | 'hash' | 'spans' | 'heads' | 'signature'>
    | Pick<Rehash, 'kind' | 'spans' | 'heads'>,
): Uint8Array[] => [
  ...record.spans.map(({ root }) => Buffer.from(root, 'base64')),
  ...(record.kind === 'seal'
    ? [headsNode(record)]
    : record.heads.map(({ node }) => Buffer.from(node, 'base64'))),
]

export const headsObjects = ({ heads, signature }: Pick<Seal, 'heads' | 'signature'>): Uint8Array[] => [
  Buffer.from(heads),
  Buffer.from(signature, 'base64'),
]

const headsNode = (seal: Pick<Seal, 'hash' | 'heads' | 'signature'>): Uint8Array =>
  nodeOf(seal.hash, objectDigests(seal.hash, headsObjects(seal), []))
