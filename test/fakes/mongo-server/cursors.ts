/** Open cursors. A batch is at most 16 MiB, and its documents are those of the time of the find. */
import { calculateObjectSize, Long } from 'bson'
import { MAX_DOCUMENT } from './collection.ts'
import { CommandError } from './command-error.ts'
import type { Doc } from './document.ts'

export interface Cursor {
  readonly namespace: string
  /** The next documents: fewer than asked for only where no more are there now. */
  take(count: number): readonly Doc[]
  readonly exhausted: boolean
  /** More fields of the answer beside the batch. */
  readonly about?: () => Doc
  /** Where more can come: waits for it. */
  readonly wait?: (ms: number) => Promise<void>
  readonly close?: () => void
}

export class Cursors {
  readonly #open = new Map<bigint, Cursor>()
  #last = 0n

  get size(): number {
    return this.#open.size
  }

  /** The first batch; the cursor stays open where there is more. */
  first(cursor: Cursor, batchSize: number, single = false): Doc {
    const firstBatch = cursor.take(batchSize)
    const done = cursor.exhausted || single
    if (!done) this.#open.set(++this.#last, cursor)
    const id = Long.fromBigInt(done ? 0n : this.#last)
    return { cursor: { firstBatch, id, ns: cursor.namespace, ...cursor.about?.() } }
  }

  get(id: bigint): Cursor {
    const cursor = this.#open.get(id)
    if (cursor === undefined) throw new CommandError(43, `cursor id ${id} not found`)
    return cursor
  }

  async more(id: bigint, batchSize: number, waitMs: number): Promise<Doc> {
    const cursor = this.get(id)
    let nextBatch = cursor.take(batchSize)
    if (nextBatch.length === 0 && !cursor.exhausted && cursor.wait !== undefined) {
      await cursor.wait(waitMs)
      if (!this.#open.has(id)) throw new CommandError(237, `cursor id ${id} was killed`)
      nextBatch = cursor.take(batchSize)
    }
    if (cursor.exhausted) this.kill(id)
    const next = Long.fromBigInt(cursor.exhausted ? 0n : id)
    return { cursor: { nextBatch, id: next, ns: cursor.namespace, ...cursor.about?.() } }
  }

  kill(id: bigint): boolean {
    this.#open.get(id)?.close?.()
    return this.#open.delete(id)
  }

  /** What reads a collection that is gone finds nothing more. */
  killAll(namespace: string): void {
    for (const [id, cursor] of this.#open)
      if (cursor.namespace === namespace && cursor.wait === undefined) this.kill(id)
  }

  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.kill(id)
  }
}

/** Over documents that are known; each is made for the answer only when its batch is. */
export function listCursor(namespace: string, found: readonly Doc[], shown: (document: Doc) => Doc): Cursor {
  let at = 0
  return {
    namespace,
    take: (count) => {
      const batch = batchOf(found.slice(at, at + count), shown)
      at += batch.length
      return batch
    },
    get exhausted() {
      return at >= found.length
    },
  }
}

/** As many as fit into an answer, at least one. */
export function batchOf(documents: readonly Doc[], shown: (document: Doc) => Doc): Doc[] {
  const batch: Doc[] = []
  let size = 0
  for (const document of documents) {
    const made = shown(document)
    size += calculateObjectSize(made)
    if (size > MAX_DOCUMENT && batch.length > 0) break
    batch.push(made)
  }
  return batch
}
