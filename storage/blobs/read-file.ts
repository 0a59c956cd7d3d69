import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { DoesNotOpen, openSealed, sealedSize } from '../encryption/sealed-octets.ts'
import { type BlobRef, type ByteRange, StoreError } from '../port.ts'
import { PIECE_MAX } from '../port-blobs.ts'
import { attempt } from './folders.ts'

/** Octets of a file, opened by `key` where they are sealed. */
export async function* readFile(
  path: string,
  ref: BlobRef,
  range: ByteRange,
  key: Uint8Array | undefined,
  into?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  await using file = await openBlob(path, ref)
  const { size } = await attempt(() => file.stat())
  const expected = key === undefined ? ref.size : sealedSize(ref.size)
  if (size !== expected) throw corrupt(ref, `has ${size} octets instead of ${expected}`)
  if (key === undefined) yield* readClear(file, ref, range, into)
  else
    yield* opened(
      ref,
      openSealed(key, ref.size, range, (start, end) => readAll(file, start, end)),
    )
}

async function* readClear(
  file: FileHandle,
  ref: BlobRef,
  range: ByteRange,
  into?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  for (let at = range.start; at < range.end; ) {
    const buffer = into ?? Buffer.allocUnsafe(Math.min(PIECE_MAX, range.end - at))
    const length = Math.min(buffer.length, range.end - at)
    const { bytesRead } = await attempt(() => file.read(buffer, 0, length, at))
    if (bytesRead === 0) throw corrupt(ref, 'became shorter while it was read')
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

async function readAll(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const octets = Buffer.allocUnsafe(end - start)
  for (let filled = 0; filled < octets.length; ) {
    const at = start + filled
    const { bytesRead } = await attempt(() => file.read(octets, filled, octets.length - filled, at))
    if (bytesRead === 0) return octets.subarray(0, filled)
    filled += bytesRead
  }
  return octets
}

/** Octets that do not open are octets that are not what was stored. */
export async function* opened(ref: BlobRef, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces
  } catch (cause) {
    if (!(cause instanceof DoesNotOpen)) throw cause
    throw corrupt(ref, `does not open: ${cause.message}`, { cause })
  }
}

/** Hashes along where a blob is read whole: octets that turned on the disk must not be signed or sent as what was stored. */
export async function* checked(ref: BlobRef, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const piece of pieces) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') !== ref.hash) throw corrupt(ref, 'holds other octets than were stored')
}

export const corrupt = (ref: BlobRef, how: string, options?: ErrorOptions): StoreError =>
  new StoreError('CORRUPT', `the blob ${ref.hash} ${how}`, options)

export const noSuchBlob = (ref: BlobRef, options?: ErrorOptions): StoreError =>
  new StoreError('NO_SUCH_BLOB', `the blob ${ref.hash} is not there`, options)

async function openBlob(path: string, ref: BlobRef): Promise<FileHandle> {
  return attempt(async () => {
    try {
      return await open(path, 'r')
    } catch (cause) {
      // Anything else, too many open files say, does not mean that the blob is gone.
      if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'ENOENT') throw cause
      throw noSuchBlob(ref, { cause })
    }
  })
}
