import { createHash } from 'node:crypto'
import {
  type BlobRef,
  type BlobStore,
  type BlobWriter,
  type ByteRange,
  type Keeper,
  type StagedBlob,
  StoreError,
} from '../../../storage/port.ts'
import type { Disk } from './disk.ts'
import { Documents, type Process } from './documents.ts'

const PIECE = 1_048_576

export class MemoryBlobs implements BlobStore {
  readonly #documents: Documents<Uint8Array>
  readonly #kept: Documents<Kept>
  readonly #disk: Disk

  constructor(disk: Disk, process: Process) {
    this.#documents = new Documents(disk.blobs, process)
    this.#kept = new Documents(disk.kept, process)
    this.#disk = disk
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

  /** The keeper before the octets: a sweep between the two takes neither. */
  async save(staged: StagedBlob, keeper: Keeper): Promise<BlobRef> {
    if (!(staged instanceof Staged)) throw new TypeError('a staged blob of another store')
    if (staged.octets === undefined) throw new StoreError('NO_SUCH_BLOB', 'it was discarded')
    const { hash } = staged.ref
    await this.#kept.insert(keyOf(hash, keeper), { hash, keeper })
    await this.#documents.insert(hash, staged.octets)
    staged.saved = true
    return staged.ref
  }

  async keep({ hash }: BlobRef, keeper: Keeper): Promise<void> {
    if (!this.#isKept(hash)) throw new StoreError('NO_SUCH_BLOB', `nobody keeps ${hash}`)
    await this.#kept.insert(keyOf(hash, keeper), { hash, keeper })
  }

  async release(keeper: Keeper): Promise<void> {
    for (const kept of await this.#kept.select((one) => one.keeper === keeper))
      await this.#kept.delete(keyOf(kept.hash, keeper))
  }

  async sweep(limit: number): Promise<{ blobs: number; octets: number }> {
    const swept = { blobs: 0, octets: 0 }
    for (const [hash, octets] of this.#disk.blobs) {
      if (swept.blobs >= limit) break
      if (this.#isKept(hash)) continue
      this.#disk.blobs.delete(hash)
      swept.blobs++
      swept.octets += octets.length
    }
    return swept
  }

  /** A mailbox keeps what its messages have, also where nobody wrote that down. */
  #isKept(hash: string): boolean {
    return [...this.keepersOf(hash)].length > 0
  }

  keepersOf(hash: string): Set<Keeper> {
    const mailboxes = [...this.#disk.messages.values()]
      .filter(({ now }) => !now.gone && now.body.hash === hash)
      .map(({ mailbox }): Keeper => `mailbox/${mailbox}`)
    const written = [...this.#disk.kept.values()].filter((kept) => kept.hash === hash)
    return new Set([...written.map(({ keeper }) => keeper), ...mailboxes])
  }

  async *open(ref: BlobRef, range: ByteRange = { start: 0, end: ref.size }): AsyncGenerator<Uint8Array> {
    const octets = await this.#documents.get(ref.hash)
    if (octets === undefined || !this.#isKept(ref.hash))
      throw new StoreError('NO_SUCH_BLOB', `the blob ${ref.hash} is not there`)
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

interface Kept {
  readonly hash: string
  readonly keeper: Keeper
}

const keyOf = (hash: string, keeper: Keeper): string => `${hash} ${keeper}`

const hashOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')
