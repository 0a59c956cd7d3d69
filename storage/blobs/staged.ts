import { type BlobRef, type ByteRange, type StagedBlob, StoreError } from '../port.ts'
import { attempt, type BlobFolders, fileNameFor } from './folders.ts'
import { opened } from './octets.ts'
import { readFile } from './read-file.ts'

/** What a write needs to name a blob. */
export interface Published {
  readonly ref: BlobRef
  /** What opens it where it is sealed. */
  readonly key: Uint8Array | undefined
  /** A small one rides in the write, as it is to be stored. */
  readonly octets: Uint8Array | undefined
  /** A large one is there already, under this name. */
  readonly file: string | undefined
}

type Where = { readonly octets: Uint8Array; readonly stored: Uint8Array } | { readonly incoming: string }

/** A finished blob: its octets in memory, or in a synced file that nobody names yet. */
export class Staged implements StagedBlob {
  readonly ref: BlobRef
  readonly #folders: BlobFolders
  readonly #key: Uint8Array | undefined
  readonly #where: Where
  /** Of a large one, from its publication on. */
  #file: string | undefined
  #state: 'staged' | 'published' | 'named' | 'lost' | 'discarded' = 'staged'
  /** The last write that was to name our file was answered, and did not. */
  #unnamed = false

  constructor(folders: BlobFolders, ref: BlobRef, key: Uint8Array | undefined, where: Where) {
    this.#folders = folders
    this.ref = ref
    this.#key = key
    this.#where = where
  }

  readonly open = (
    range: ByteRange = { start: 0, end: this.ref.size },
    into?: Uint8Array,
  ): AsyncGenerator<Uint8Array> => {
    if ('octets' in this.#where) return readMemory(this.#where.octets, range)
    const path =
      this.#file === undefined
        ? this.#folders.pathOfIncoming(this.#where.incoming)
        : this.#folders.pathOf(this.#file)
    return opened(this.ref, readFile(path, this.ref, range, this.#key, into))
  }

  readonly discard = async (): Promise<void> => {
    const file = this.#file
    if (file !== undefined) this.#folders.settled(file)
    if (this.#unnamed && file !== undefined) {
      this.#unnamed = false
      this.#state = 'discarded'
      await this.#folders.remove(file).catch(() => {}) // a sweep finds it
    }
    if (this.#state !== 'staged') return
    this.#state = 'discarded'
    if ('incoming' in this.#where) await this.#folders.discard(this.#where.incoming)
  }

  /**
   * Needed before the write that names it; undefined where one has named our file before: from then on it is the
   * store's, which says itself whether it is still there. NO_SUCH_BLOB after discard(). Once its publication failed it
   * fails for ever, as a failed sync is never tried again.
   */
  async publish(): Promise<Published | undefined> {
    if (this.#state === 'named') return undefined
    if (this.#state === 'discarded')
      throw new StoreError('NO_SUCH_BLOB', `the blob ${this.ref.hash} was discarded`)
    if (this.#state === 'lost')
      throw new StoreError('UNAVAILABLE', `the blob ${this.ref.hash} could not be made durable`)
    const { ref } = this
    const key = this.#key
    if ('stored' in this.#where) {
      this.#state = 'published'
      return { ref, key, octets: this.#where.stored, file: undefined }
    }
    this.#file ??= await this.#named(this.#where.incoming)
    return { ref, key, octets: undefined, file: this.#file }
  }

  /**
   * The write was answered; `file` is the one that the store has under this hash now. Where it is another, somebody brought the
   * same octets before: those count, and ours are there for reading, and for another write, until they are discarded.
   */
  settle(file: string | undefined): void {
    if (this.#file === undefined) return
    this.#unnamed = file !== this.#file
    if (this.#unnamed) return
    this.#folders.settled(this.#file)
    this.#state = 'named'
  }

  async #named(incoming: string): Promise<string> {
    const file = fileNameFor(this.ref)
    try {
      await attempt(() => this.#folders.publish(incoming, file))
    } catch (error) {
      this.#state = 'lost'
      this.#folders.settled(file)
      await Promise.allSettled([this.#folders.discard(incoming), this.#folders.remove(file)])
      throw error
    }
    this.#state = 'published'
    return file
  }
}

async function* readMemory(octets: Uint8Array, range: ByteRange): AsyncGenerator<Uint8Array> {
  yield octets.subarray(range.start, range.end)
}
