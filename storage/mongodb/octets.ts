import { corrupt } from '../blobs/octets.ts'
import { openSealed, openWhole, sealedSize } from '../encryption/sealed-octets.ts'
import type { BlobRef, ByteRange } from '../port.ts'
import type { Chunks } from './chunks.ts'

/** Octets in a document or in a file of chunks, sealed where there is a key. */
export type Stored =
  | { readonly octets: Uint8Array; readonly key: Uint8Array | undefined }
  | { readonly file: string; readonly key: Uint8Array | undefined }

/** The range as it was before it was stored; with `into`, through that buffer. */
export async function* octetsOf(
  chunks: Chunks,
  ref: BlobRef,
  stored: Stored,
  range: ByteRange,
  into?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const pieces = 'octets' in stored ? inline(ref, stored, range) : filed(chunks, ref, stored, range)
  for await (const piece of pieces) yield* into === undefined ? [piece] : through(into, piece)
}

function* inline(
  ref: BlobRef,
  { octets, key }: { octets: Uint8Array; key: Uint8Array | undefined },
  { start, end }: ByteRange,
): Generator<Uint8Array> {
  const expected = key === undefined ? ref.size : sealedSize(ref.size)
  if (octets.length !== expected) throw corrupt(ref, `has ${octets.length} octets instead of ${expected}`)
  yield (key === undefined ? octets : openWhole(key, ref.size, octets)).subarray(start, end)
}

async function* filed(
  chunks: Chunks,
  ref: BlobRef,
  { file, key }: { file: string; key: Uint8Array | undefined },
  range: ByteRange,
): AsyncGenerator<Uint8Array> {
  if (key === undefined) return yield* chunks.read(ref, file, ref.size, range.start, range.end)
  const sealed = new SealedReader(chunks, ref, file)
  yield* openSealed(key, ref.size, range, (start, end) => sealed.read(start, end))
}

/** Sealed pieces are smaller than chunks and lie across their borders: the rest of a chunk is kept for the next piece. */
class SealedReader {
  readonly #chunks: Chunks
  readonly #ref: BlobRef
  readonly #file: string
  #rest: Uint8Array = new Uint8Array()
  #at = -1
  #source: AsyncGenerator<Uint8Array> | undefined

  constructor(chunks: Chunks, ref: BlobRef, file: string) {
    this.#chunks = chunks
    this.#ref = ref
    this.#file = file
  }

  /** Forward only: each piece begins where the last one ended. */
  async read(start: number, end: number): Promise<Uint8Array> {
    if (start !== this.#at) {
      const size = sealedSize(this.#ref.size)
      this.#source = this.#chunks.read(this.#ref, this.#file, size, start, size)
      this.#rest = new Uint8Array()
    }
    const parts: Uint8Array[] = []
    for (let wanted = end - start; wanted > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#source?.next()
        if (next === undefined || next.done === true) break
        this.#rest = next.value
      }
      const part = this.#rest.subarray(0, wanted)
      this.#rest = this.#rest.subarray(part.length)
      wanted -= part.length
      parts.push(part)
    }
    this.#at = end
    return Buffer.concat(parts)
  }
}

function* through(into: Uint8Array, piece: Uint8Array): Generator<Uint8Array> {
  if (piece.length === 0) yield into.subarray(0, 0)
  for (let at = 0; at < piece.length; at += into.length) {
    const part = piece.subarray(at, at + into.length)
    into.set(part)
    yield into.subarray(0, part.length)
  }
}
