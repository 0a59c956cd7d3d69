import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Config } from '../../config/schema.ts'
import { type EventRecorder, SYSTEM } from '../event-log/event-log.ts'
import { keysUnder, sourceKey } from './document.ts'
import { feed, type ImportReport } from './feed.ts'
import { beginImport, endImport, type ImportParts, removeEntries, takeLines } from './import.ts'

type Source = Config['directory']['sources'][number]

export interface SourceEvents {
  /** undefined: the source is no longer configured, and what came from it is gone. */
  directorySource(provider: string, report: Omit<ImportReport, 'faults'> | undefined): void
  directorySourceFailed(provider: string, error: unknown): void
}

export interface SourceParts extends ImportParts {
  readonly eventLog: EventRecorder
  readonly events: SourceEvents
}

/**
 * Directories of other providers that stand in the configuration as files: read where their octets are others than the last
 * time, in the background, since a large one takes minutes. A file that cannot be read leaves what is known as it is; one
 * that is configured no more takes its entries along.
 */
export class ListingSources {
  readonly #parts: SourceParts
  #reading: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(parts: SourceParts) {
    this.#parts = parts
  }

  /** Resolves when all of them are read; never rejects. One reading follows the other. */
  read(sources: readonly Source[]): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readAll(sources))
    return this.#reading
  }

  /** After the step that is being made. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#reading
  }

  async #readAll(sources: readonly Source[]): Promise<void> {
    for (const source of sources) await this.#safely(source.provider, () => this.#readOne(source))
    await this.#safely('', async () => {
      for await (const { rest } of keysUnder(this.#parts.store.listings, sourceKey('')))
        if (!sources.some(({ provider }) => provider === rest))
          await this.#safely(rest, () => this.#forget(rest))
    })
  }

  async #safely(provider: string, act: () => Promise<void>): Promise<void> {
    if (this.#stopped) return
    try {
      await act()
    } catch (error) {
      if (!this.#stopped) this.#parts.events.directorySourceFailed(provider, error)
    }
  }

  async #readOne({ provider, file }: Source): Promise<void> {
    const { store, eventLog, events } = this.#parts
    const known = await store.listings.get(sourceKey(provider))
    if (known !== undefined && known.document === (await this.#digestOf(file))) return
    await eventLog.record({ what: 'directory source', by: SYSTEM, details: { provider } })
    // A crash from here on reads the file again: the digest stands there when all of it is done.
    const version = known?.version ?? 0
    await store.listings.put(sourceKey(provider), '', version)
    const run = await beginImport(this.#parts, provider)
    const digest = createHash('sha256')
    const { faults: _, ...report } = await feed(this.#octetsOf(file, digest), {
      take: (lines) => takeLines(this.#parts, provider, run, lines),
      end: () => endImport(this.#parts, provider, run),
    })
    await store.listings.put(sourceKey(provider), digest.digest('hex'), version + 1)
    events.directorySource(provider, report)
  }

  async #forget(provider: string): Promise<void> {
    const { store, eventLog, events } = this.#parts
    await eventLog.record({ what: 'directory source removed', by: SYSTEM, details: { provider } })
    await beginImport(this.#parts, provider) // whoever imports meanwhile is told
    await removeEntries(this.#parts, provider, undefined)
    const row = await store.listings.get(sourceKey(provider))
    if (row !== undefined) await store.listings.remove(row.key, row.version)
    events.directorySource(provider, undefined)
  }

  async #digestOf(file: string): Promise<string> {
    const digest = createHash('sha256')
    for await (const _ of this.#octetsOf(file, digest)); // only the digest is wanted
    return digest.digest('hex')
  }

  async *#octetsOf(file: string, digest: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array> {
    for await (const octets of createReadStream(file)) {
      if (this.#stopped) throw new Error('the provider is stopping')
      digest.update(octets)
      yield octets
    }
  }
}
