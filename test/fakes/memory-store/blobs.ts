import { createHash } from 'node:crypto'
import {
  type BlobRef,
  type BlobStore,
  type BlobWriter,
  type ByteRange,
  type StagedBlob,
  StoreError,
} from '../../../storage/port.ts'
import type { Documents } from './documents.ts'

const PIECE = 1_048_576

export class MemoryBlobs implements BlobStore {
  readonly #documents: Documents<Uint8Array>

  constructor(documents: Documents<Uint8Array>) {
    this.#documents = documents
  }

  create(maxBytes: number): BlobWriter {
    const chunks: Uint8Array[] = []
    let size = 0
    const tooLarge = () => new StoreError('BLOB_TOO_LARGE', `more than ${maxBytes} octets`)
    return {
      write: async (chunk) => {
        size += chunk.length
        if (size > maxBytes) throw tooLarge()
        chunks.push(chunk)
      },
      finish: async () => {
        if (size > maxBytes) throw tooLarge()
        return new Staged(Buffer.concat(chunks))
      },
      abort: async () => {
        chunks.length = 0
      },
    }
  }

  async save(staged: StagedBlob): Promise<BlobRef> {
    if (!(staged instanceof Staged)) throw new TypeError('a staged blob of another store')
    if (staged.octets === undefined) throw new StoreError('NO_SUCH_BLOB', 'it was discarded')
    await this.#documents.insert(staged.ref.hash, staged.octets)
    staged.saved = true
    return staged.ref
  }

  async *open(ref: BlobRef, range: ByteRange = { start: 0, end: ref.size }): AsyncGenerator<Uint8Array> {
    const octets = await this.#documents.get(ref.hash)
    if (octets === undefined) throw new StoreError('NO_SUCH_BLOB', `the blob ${ref.hash} is not there`)
    if (octets.length !== ref.size)
      throw new StoreError('CORRUPT', `the blob ${ref.hash} has ${octets.length} octets`)
    yield* pieces(octets, range)
    if (range.start === 0 && range.end === ref.size && hashOf(octets) !== ref.hash)
      throw new StoreError('CORRUPT', `the blob ${ref.hash} has other octets`)
  }

  async read(ref: BlobRef, range?: ByteRange): Promise<Uint8Array> {
    return Buffer.concat(await Array.fromAsync(this.open(ref, range)))
  }
}

class Staged implements StagedBlob {
  readonly ref: BlobRef
  octets: Uint8Array | undefined
  saved = false

  constructor(octets: Uint8Array) {
    this.octets = octets
    this.ref = { hash: hashOf(octets), size: octets.length }
  }

  readonly open = async function* (this: Staged, range?: ByteRange): AsyncGenerator<Uint8Array> {
    const octets = this.octets
    if (octets === undefined) throw new StoreError('NO_SUCH_BLOB', 'it was discarded')
    yield* pieces(octets, range ?? { start: 0, end: octets.length })
  }.bind(this)

  readonly discard = async (): Promise<void> => {
    if (!this.saved) this.octets = undefined
  }
}

function* pieces(octets: Uint8Array, range: ByteRange): Generator<Uint8Array> {
  if (range.start < 0 || range.end > octets.length || range.start > range.end)
    throw new StoreError('NO_SUCH_BLOB', `no octets ${range.start} to ${range.end}`)
  for (let at = range.start; at < range.end; at += PIECE)
    yield octets.subarray(at, Math.min(at + PIECE, range.end))
}

const hashOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')
