import { createCipheriv, createDecipheriv } from 'node:crypto'

/**
 * Octets at rest under a key of their own: AES-256-GCM in chunks, so that any range can be read and checked without the
 * rest. The nonce is the number of the chunk, with a mark on the last one: chunks that are exchanged, repeated or cut off
 * at the end do not open. A key seals one octet string in its life.
 */
const CHUNK = 65_536
const TAG = 16
const NONCE = 12
export const KEY_OCTETS = 32

const chunksOf = (size: number): number => Math.max(1, Math.ceil(size / CHUNK))

/** Octets that `size` octets take when they are sealed. */
export const sealedSize = (size: number): number => size + TAG * chunksOf(size)

function nonceOf(chunk: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE)
  nonce.writeUInt8(isLast ? 1 : 0, 0)
  nonce.writeUInt32BE(chunk, NONCE - 4)
  return nonce
}

/** Seals a stream whose length is not known before its end; holds at most one chunk. */
export class Sealer {
  readonly #key: Uint8Array
  readonly #open = Buffer.allocUnsafeSlow(CHUNK)
  #filled = 0
  #chunk = 0

  constructor(key: Uint8Array) {
    this.#key = key
  }

  /** What can be written by now; the octets given may change afterwards. */
  update(octets: Uint8Array): Buffer[] {
    const sealed: Buffer[] = []
    for (let at = 0; at < octets.length; ) {
      // A full chunk waits for one more octet: only then it is known not to be the last.
      if (this.#filled === CHUNK) sealed.push(...this.#seal(false))
      const taken = octets.subarray(at, at + CHUNK - this.#filled)
      this.#open.set(taken, this.#filled)
      this.#filled += taken.length
      at += taken.length
    }
    return sealed
  }

  final(): Buffer[] {
    return this.#seal(true)
  }

  #seal(isLast: boolean): Buffer[] {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(this.#chunk++, isLast))
    const octets = cipher.update(this.#open.subarray(0, this.#filled))
    cipher.final()
    this.#filled = 0
    return [octets, cipher.getAuthTag()]
  }
}

export function seal(key: Uint8Array, octets: Uint8Array): Buffer {
  const sealer = new Sealer(key)
  return Buffer.concat([...sealer.update(octets), ...sealer.final()])
}

/** Reads [start, end) of the sealed octets, all of them or fewer where they end before. */
export type ReadSealed = (start: number, end: number) => Promise<Uint8Array>

/**
 * The range of what was sealed, chunk by chunk; throws {@link DoesNotOpen} at the first that is not what was sealed.
 *
 * @param size octets before sealing
 */
export async function* openSealed(
  key: Uint8Array,
  size: number,
  range: { readonly start: number; readonly end: number },
  read: ReadSealed,
): AsyncGenerator<Uint8Array> {
  if (range.start === range.end && size > 0) return
  const last = chunksOf(size) - 1
  for (let chunk = Math.floor(range.start / CHUNK); chunk <= last && chunk * CHUNK <= range.end; chunk++) {
    const from = chunk * CHUNK
    if (from === range.end && from > 0) return
    const length = Math.min(CHUNK, size - from)
    const at = chunk * (CHUNK + TAG)
    const octets = openChunk(key, chunk, chunk === last, await read(at, at + length + TAG))
    yield octets.subarray(Math.max(0, range.start - from), Math.min(octets.length, range.end - from))
  }
}

function openChunk(key: Uint8Array, chunk: number, isLast: boolean, sealed: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(chunk, isLast))
    decipher.setAuthTag(sealed.subarray(-TAG))
    const octets = decipher.update(sealed.subarray(0, -TAG))
    decipher.final()
    return octets
  } catch (cause) {
    throw new DoesNotOpen(`chunk ${chunk} is not what was sealed`, { cause })
  }
}

export function openWhole(key: Uint8Array, size: number, sealed: Uint8Array): Buffer {
  if (sealed.length !== sealedSize(size))
    throw new DoesNotOpen(`there are ${sealed.length} octets instead of ${sealedSize(size)}`)
  const pieces: Uint8Array[] = []
  const last = chunksOf(size) - 1
  for (let chunk = 0; chunk <= last; chunk++) {
    const at = chunk * (CHUNK + TAG)
    const length = Math.min(CHUNK, size - chunk * CHUNK)
    pieces.push(openChunk(key, chunk, chunk === last, sealed.subarray(at, at + length + TAG)))
  }
  return Buffer.concat(pieces)
}

/** Octets, or a key, that are not what they were when they were sealed. */
export class DoesNotOpen extends Error {
  override readonly name = 'DoesNotOpen'
}
