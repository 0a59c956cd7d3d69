/** Keys from a password as PKCS#12 itself makes them; only its MAC and its old ciphers use it. [RFC 7292 §B.2] */
import { hash } from 'node:crypto'

/** Block and digest length. SHA-1 only ever in files of others. */
const SIZES = {
  sha1: { block: 64, length: 20 },
  sha256: { block: 64, length: 32 },
  sha384: { block: 128, length: 48 },
  sha512: { block: 128, length: 64 },
} as const

export type DerivationHash = keyof typeof SIZES

/** What the octets are for. [RFC 7292 §B.3] */
export const PURPOSE = { key: 1, iv: 2, mac: 3 } as const

export interface Derivation {
  readonly hash: DerivationHash
  readonly password: string
  readonly salt: Uint8Array
  readonly iterations: number
}

/** @param length octets wanted; the MAC takes as many as the digest has */
export function derive(
  { hash: name, password, salt, iterations }: Derivation,
  purpose: (typeof PURPOSE)[keyof typeof PURPOSE],
  length: number = SIZES[name].length,
): Uint8Array {
  const { block } = SIZES[name]
  const spelled = Buffer.from(`${password}\u0000`, 'utf16le').swap16()
  const diversifier = Buffer.alloc(block, purpose)
  const input = Buffer.concat([fill(salt, block), fill(spelled, block)])
  const parts: Uint8Array[] = []
  for (let made = 0; ; ) {
    let key: Uint8Array = Buffer.concat([diversifier, input])
    for (let round = 0; round < iterations; round++) key = hash(name, key, 'buffer')
    parts.push(key)
    made += key.length
    if (made >= length) return Buffer.concat(parts).subarray(0, length)
    addToBlocks(input, fill(key, block).subarray(0, block))
  }
}

/** Each block becomes block + addend + 1, modulo its size. */
function addToBlocks(input: Uint8Array, addend: Uint8Array): void {
  for (let start = 0; start < input.length; start += addend.length) {
    let carry = 1
    for (let i = addend.length - 1; i >= 0; i--) {
      carry += input[start + i]! + addend[i]!
      input[start + i] = carry
      carry >>>= 8
    }
  }
}

/** Repeats octets to a multiple of the block. */
const fill = (octets: Uint8Array, block: number): Uint8Array =>
  octets.length === 0 ? octets : Buffer.alloc(Math.ceil(octets.length / block) * block, octets)
