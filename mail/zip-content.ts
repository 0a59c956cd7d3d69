import { pipeline } from 'node:stream/promises'
import { crc32, createInflateRaw } from 'node:zlib'
import { type StoredOctets, type ZipEntry, ZipError } from './zip-directory.ts'

/** Octets of all entries together: four times the largest message, a second or two of inflating. */
export const MAX_INFLATED = 400_000_000
/** Documents shrink to a twentieth at best; what shrinks more is made to grow. Small entries may, since they cannot hurt. */
export const MAX_RATIO = 100
const SMALL_ENTRY = 1_048_576

/** What the list claims is held against the limits before anything is inflated. @throws ZipError */
export function checkSizes(entries: readonly ZipEntry[]): void {
  for (const { size, compressed } of entries)
    if (size > SMALL_ENTRY && size > compressed * MAX_RATIO) throw new ZipError('BOMB')
  if (entries.reduce((sum, { size }) => sum + size, 0) > MAX_INFLATED) throw new ZipError('TOO_LARGE')
}

/**
 * Inflates one entry and proves that it is what the list says: its size, its checksum, no octets behind it. Stops with
 * the first octet beyond the size. @throws ZipError, and what `file` and `signal` throw
 */
export async function readEntry(
  file: StoredOctets,
  entry: ZipEntry,
  signal: AbortSignal,
  onContent: (octets: Uint8Array) => void = () => {},
): Promise<void> {
  let size = 0
  let checksum = 0
  const take = async (pieces: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const piece of pieces) {
      size += piece.length
      if (size > entry.size) throw new ZipError('BROKEN_CONTENT')
      checksum = crc32(piece, checksum)
      onContent(piece)
    }
  }
  const packed = () => file.open({ start: entry.dataStart, end: entry.dataStart + entry.compressed })
  if (!entry.deflated) {
    if (entry.compressed > 0) await pipeline(packed, take, { signal })
  } else {
    const inflate = createInflateRaw()
    try {
      await pipeline(packed, inflate, take, { signal })
    } catch (error) {
      throw isZlibError(error) ? new ZipError('BROKEN_CONTENT') : error
    }
    if (inflate.bytesWritten !== entry.compressed) throw new ZipError('BROKEN_CONTENT')
  }
  if (size !== entry.size || checksum !== entry.crc32) throw new ZipError('BROKEN_CONTENT')
}

const isZlibError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
