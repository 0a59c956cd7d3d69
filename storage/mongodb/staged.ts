import { opened } from '../blobs/octets.ts'
import { seal } from '../encryption/sealed-octets.ts'
import { type BlobRef, type ByteRange, type StagedBlob, StoreError } from '../port.ts'
import type { Chunks } from './chunks.ts'
import type { Content } from './keepers.ts'
import { octetsOf, type Stored } from './octets.ts'

/** Where the octets of a finished blob are: few in memory, many in chunks that no blob names yet. */
export type Where = { readonly inline: Uint8Array } | { readonly chunked: true }

export class Staged implements StagedBlob {
  readonly ref: BlobRef
  readonly content: Content
  readonly #chunks: Chunks
  readonly #inline: Uint8Array | undefined
  /** `offered`: a write names its file, and nobody knows whether it happened. `left`: another file holds these octets. */
  #state: 'staged' | 'offered' | 'named' | 'left' | 'discarded' = 'staged'

  constructor(chunks: Chunks, ref: BlobRef, content: Content, where: Where) {
    this.#chunks = chunks
    this.ref = ref
    this.content = content
    this.#inline = 'inline' in where ? where.inline : undefined
  }

  readonly open = (
    range: ByteRange = { start: 0, end: this.ref.size },
    into?: Uint8Array,
  ): AsyncGenerator<Uint8Array> =>
    opened(this.ref, octetsOf(this.#chunks, this.ref, this.#stored(), range, into))

  #stored(): Stored {
    const { file, key } = this.content
    return this.#inline === undefined ? { file, key } : { octets: this.#inline, key: undefined }
  }

  readonly discard = async (): Promise<void> => {
    if (this.#state !== 'staged') return
    this.#state = 'discarded'
    if (this.#inline === undefined) await this.#chunks.remove(this.content.file)
  }

  /** Its octets are there to be named still: few of them always are. */
  get isThere(): boolean {
    return this.#inline !== undefined || this.#state === 'staged' || this.#state === 'offered'
  }

  /** NO_SUCH_BLOB after discard(): a row must not name what is gone. */
  check(): void {
    if (this.#state === 'discarded')
      throw new StoreError('NO_SUCH_BLOB', `the blob ${this.ref.hash} was discarded`)
  }

  /** What its blob's document holds; from now on its chunks are the sweep's business. */
  offer(): Readonly<Record<string, unknown>> {
    this.#state = this.#state === 'staged' ? 'offered' : this.#state
    const { file, key } = this.content
    const sealed = key !== undefined
    if (this.#inline === undefined) return { file, sealed, size: this.ref.size }
    return { file, sealed, size: this.ref.size, octets: sealed ? seal(key, this.#inline) : this.#inline }
  }

  /** Its octets are durable: in its own file, or in another that was there before. */
  async settle(file: string): Promise<void> {
    if (this.#state === 'named' || this.#state === 'left') return
    const isOurs = file === this.content.file
    this.#state = isOurs ? 'named' : 'left'
    if (this.#inline !== undefined) return
    // What fails here is found by the sweep.
    await (isOurs ? this.#chunks.isNamed(file) : this.#chunks.remove(this.content.file)).catch(() => {})
  }

  get isLeft(): boolean {
    return this.#state === 'left' && this.#inline === undefined
  }
}
