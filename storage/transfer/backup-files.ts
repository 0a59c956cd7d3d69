import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { DoesNotOpen, openSealed, Sealer, sealedSize } from '../encryption/sealed-octets.ts'
import { StoreError } from '../port.ts'

/** What the manifest says of one file of a backup. */
export interface FileSeal {
  /** Octets before sealing. */
  readonly size: number
  /** SHA-256 of the file as it lies there, in hex. */
  readonly sha256: string
}

/** Octets collected before they are written: few calls for many small records. */
const BUFFER = 1_048_576

/** A file that is written once, from its beginning to its end, and hashed on the way. */
export class BackupFile {
  readonly #handle: FileHandle
  readonly #sealer: Sealer | undefined
  readonly #hash: Hash = createHash('sha256')
  #waiting: Uint8Array[] = []
  #waitingOctets = 0
  #size = 0

  private constructor(handle: FileHandle, key: Uint8Array | undefined) {
    this.#handle = handle
    this.#sealer = key && new Sealer(key)
  }

  static async create(path: string, key: Uint8Array | undefined): Promise<BackupFile> {
    return new BackupFile(await open(path, 'wx', 0o600), key)
  }

  /** The octets are copied. */
  async write(octets: Uint8Array): Promise<void> {
    this.#size += octets.length
    this.#waiting.push(...(this.#sealer?.update(octets) ?? [Buffer.from(octets)]))
    this.#waitingOctets += octets.length
    if (this.#waitingOctets >= BUFFER) await this.#flush()
  }

  /** Durable when it resolves, but for the folder's entry. */
  async finish(): Promise<FileSeal> {
    this.#waiting.push(...(this.#sealer?.final() ?? []))
    await this.#flush()
    await this.#handle.datasync()
    await this.#handle.close()
    return { size: this.#size, sha256: this.#hash.digest('hex') }
  }

  async abort(): Promise<void> {
    await this.#handle.close().catch(() => {})
  }

  async #flush(): Promise<void> {
    const octets = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#waitingOctets = 0
    this.#hash.update(octets)
    for (let at = 0; at < octets.length; ) {
      const { bytesWritten } = await this.#handle.write(octets, at)
      at += bytesWritten
    }
  }
}

/** Rejects with CORRUPT where the file is not the one that the manifest tells of. */
export async function checkFile(path: string, { size, sha256 }: FileSeal, sealed: boolean): Promise<void> {
  const hash = createHash('sha256')
  let read = 0
  for await (const piece of createReadStream(path, { highWaterMark: BUFFER })) {
    hash.update(piece)
    read += piece.length
  }
  if (read !== (sealed ? sealedSize(size) : size) || hash.digest('hex') !== sha256)
    throw new StoreError('CORRUPT', `${path} is not the file that the manifest tells of`)
}

/** The octets of a file before sealing, in pieces. */
export async function* readBackupFile(
  path: string,
  size: number,
  key: Uint8Array | undefined,
): AsyncGenerator<Uint8Array> {
  if (key === undefined) return yield* createReadStream(path, { highWaterMark: BUFFER })
  await using file = await open(path, 'r')
  const read = async (start: number, end: number) => {
    const octets = Buffer.allocUnsafe(end - start)
    const { bytesRead } = await file.read(octets, 0, octets.length, start)
    return octets.subarray(0, bytesRead)
  }
  try {
    yield* openSealed(key, size, { start: 0, end: size }, read)
  } catch (cause) {
    if (!(cause instanceof DoesNotOpen)) throw cause
    throw new StoreError('CORRUPT', `${path} does not open: ${cause.message}`, { cause })
  }
}
