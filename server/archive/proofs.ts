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
import type { Store } from '../../storage/port.ts'
import { type Rehashed, readRehashed } from './rehashed.ts'
import type { SealBook } from './seal-book.ts'
import type { Seal, SealRecord } from './seal-record.ts'
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
  readonly #records = new Map<number, Promise<ReadRecord>>()

  constructor(store: Pick<Store, 'blobs'>, book: SealBook) {
    this.#store = store
    this.#book = book
  }

  /** Reads what all objects of the part have in common once; each object then costs some digests. */
  async prover(seal: number, part: SealPart): Promise<Prover> {
    const steps: Step[] = []
    for (const { sequence } of this.#book.lineage(seal)) {
      const step = await this.#step(sequence, seal, part, steps.at(-1))
      // What was damaged when everything was digested anew is proved no further.
      if (step === undefined) break
      steps.push(step)
    }
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

  async #step(
    sequence: number,
    seal: number,
    part: SealPart,
    before: Step | undefined,
  ): Promise<Step | undefined> {
    const { record, top, rehashed } = await this.#read(sequence)
    const { hash } = record
    const token = Buffer.from(record.token, 'base64')
    if (record.kind === 'renewal') {
      const own = digestOf(hash, before?.token ?? '', 'buffer')
      const index = this.#leavesOf(record).findIndex((leaf) => Buffer.compare(leaf, own) === 0)
      return { over: 'token', hash, token, tree: reducedTree([own], top.path(index)) }
    }
    const { spans } = record.kind === 'seal' ? record : rehashed!
    if (part === 'heads') {
      const head = record.kind === 'seal' ? 0 : rehashed!.heads.findIndex((one) => one.seal === seal)
      const path = top.path(spans.length + head)
      return { over: 'objects', hash, token, path: () => path }
    }
    const number = record.kind === 'seal' ? part.span : positionIn(rehashed!, seal, part.span)
    const span = spans[number]
    if (span === undefined) return undefined
    const tree = await readTree(this.#store, hash, span)
    const above = top.path(number)
    return { over: 'objects', hash, token, path: (index) => [...tree.path(index), ...above] }
  }

  /** Renewals prove many seals: what was read of one is kept at hand. */
  #read(sequence: number): Promise<ReadRecord> {
    const known = this.#records.get(sequence) ?? this.#readNow(sequence)
    this.#records.delete(sequence)
    this.#records.set(sequence, known)
    known.catch(() => this.#records.delete(sequence))
    const oldest = this.#records.keys().next().value
    if (this.#records.size > MAX_RECORDS && oldest !== undefined) this.#records.delete(oldest)
    return known
  }

  async #readNow(sequence: number): Promise<ReadRecord> {
    const record = await this.#book.record(sequence)
    if (record.kind === 'renewal')
      return { record, rehashed: undefined, top: await HashTree.of(record.hash, this.#leavesOf(record)) }
    const rehashed = record.kind === 'rehash' ? await readRehashed(this.#store, record.trees) : undefined
    const nodes = topNodes(record.kind === 'seal' ? record : rehashed!)
    return { record, rehashed, top: await HashTree.of(record.hash, nodes) }
  }

  #leavesOf({ of }: Extract<SealRecord, { kind: 'renewal' }>): Uint8Array[] {
    return of.flatMap((sequence) => this.#book.at(sequence)?.leaf ?? [])
  }
}

/** An entry of the chain of seals with what its token is about. */
interface ReadRecord {
  readonly record: SealRecord
  readonly rehashed: Rehashed | undefined
  readonly top: HashTree
}

/** A lineage of twenty years has about as many. */
const MAX_RECORDS = 32

const positionIn = ({ spans }: Rehashed, seal: number, span: number): number =>
  spans.findIndex((one) => one.seal === seal && one.span === span)

/** What a token's root is made of: the spans, then what was signed. */
export const topNodes = (
  made: Pick<Seal, 'hash' | 'spans' | 'heads' | 'signature'> | Rehashed,
): Uint8Array[] => [
  ...made.spans.map(({ root }) => Buffer.from(root, 'base64')),
  ...('signature' in made ? [headsNode(made)] : made.heads.map(({ node }) => Buffer.from(node, 'base64'))),
]

export const headsObjects = ({ heads, signature }: Pick<Seal, 'heads' | 'signature'>): Uint8Array[] => [
  Buffer.from(heads),
  Buffer.from(signature, 'base64'),
]

const headsNode = (seal: Pick<Seal, 'hash' | 'heads' | 'signature'>): Uint8Array =>
  nodeOf(seal.hash, objectDigests(seal.hash, headsObjects(seal), []))
