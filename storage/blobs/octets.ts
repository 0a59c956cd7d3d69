import { createHash } from 'node:crypto'
import { DoesNotOpen } from '../encryption/sealed-octets.ts'
import { type BlobRef, type ByteRange, StoreError } from '../port.ts'

/**
 * What every store promises of a blob that is read, however it keeps it: no octets beyond its ends (NO_SUCH_BLOB), what was
 * sealed opens (CORRUPT), and read whole it is what was stored (CORRUPT, after the last piece).
 *
 * @param pieces of that range
 */
export async function* reading(
  ref: BlobRef,
  range: ByteRange | undefined,
  pieces: (range: ByteRange) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { start, end } = range ?? { start: 0, end: ref.size }
  if (start < 0 || end > ref.size || start > end)
    throw new StoreError('NO_SUCH_BLOB', `no octets ${start} to ${end} in a blob of ${ref.size}`)
  const found = opened(ref, pieces({ start, end }))
  yield* start === 0 && end === ref.size ? checked(ref, found) : found
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

/** Hashes along: octets that turned on the disk must not be signed or sent as what was stored. */
async function* checked(ref: BlobRef, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
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
