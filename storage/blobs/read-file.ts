import { type FileHandle, open } from 'node:fs/promises'
import { openSealed, sealedSize } from '../encryption/sealed-octets.ts'
import type { BlobRef, ByteRange } from '../port.ts'
import { PIECE_MAX } from '../port-blobs.ts'
import { attempt } from './folders.ts'
import { corrupt, noSuchBlob } from './octets.ts'

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
  else yield* openSealed(key, ref.size, range, (start, end) => readAll(file, start, end))
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
