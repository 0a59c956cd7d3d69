import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { DoesNotOpen, KEY_OCTETS } from './sealed-octets.ts'

const NONCE = 12
const TAG = 16
const ID = 4

/**
 * The keys under which the keys of single octet strings are wrapped (the provider's keys). The first wraps; the others open
 * what was wrapped before it took over. Only they are worth stealing, so they live outside the store: in a file, or in a
 * hardware module that gives them out at the start.
 */
export class StoreKeys {
  readonly #keys: readonly { readonly id: Buffer; readonly key: Uint8Array }[]

  /** @param keys of 32 octets each, at least one */
  constructor(keys: readonly Uint8Array[]) {
    if (keys.length === 0 || keys.some((key) => key.length !== KEY_OCTETS))
      throw new RangeError(`a store key has ${KEY_OCTETS} octets`)
    this.#keys = keys.map((key) => ({ key, id: idOf(key) }))
  }

  /**
   * A key, or other few octets.
   *
   * @param use what they are for: they open for nothing else
   * @returns id of the wrapping key, nonce, octets, tag
   */
  wrap(key: Uint8Array, use: string): Buffer {
    const [current] = this.#keys
    if (current === undefined) throw new RangeError('there is no key')
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv('aes-256-gcm', current.key, nonce)
    cipher.setAAD(Buffer.from(use))
    const wrapped = cipher.update(key)
    cipher.final()
    return Buffer.concat([current.id, nonce, wrapped, cipher.getAuthTag()])
  }

  unwrap(wrapped: Uint8Array, use: string): Uint8Array {
    const id = wrapped.subarray(0, ID)
    const holder = this.#keys.find((one) => one.id.equals(id))
    if (holder === undefined)
      throw new DoesNotOpen(
        `it was sealed under the key ${Buffer.from(id).toString('hex')}, which is not given`,
      )
    try {
      const decipher = createDecipheriv('aes-256-gcm', holder.key, wrapped.subarray(ID, ID + NONCE))
      decipher.setAAD(Buffer.from(use))
      decipher.setAuthTag(wrapped.subarray(-TAG))
      const key = decipher.update(wrapped.subarray(ID + NONCE, -TAG))
      decipher.final()
      return key
    } catch (cause) {
      throw new DoesNotOpen('the wrapped key is not what was wrapped', { cause })
    }
  }

  /** By which an operator can tell keys apart, without learning anything about them: the first eight hex digits of a hash. */
  get id(): string {
    return this.#keys[0]?.id.toString('hex') ?? ''
  }

  /** For a thread of this process. */
  get octets(): Uint8Array[] {
    return this.#keys.map(({ key }) => key)
  }
}

const idOf = (key: Uint8Array): Buffer =>
  createHash('sha256').update('openkep store key').update(key).digest().subarray(0, ID)

export const newKey = (): Buffer => randomBytes(KEY_OCTETS)
