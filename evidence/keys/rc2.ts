/**
 * RC2 in CBC mode, decryption alone: old PKCS#12 files hide their certificates by it, and OpenSSL has it no longer by
 * default. [RFC 2268] Nothing is ever written with it.
 */
import { KeyError } from './error.ts'

const BLOCK = 8
const EXPANDED_OCTETS = 128

/** A permutation made of the digits of pi. [RFC 2268 §2] */
const PI = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
)
/** By how much each word of a block is rotated in a mixing round. [RFC 2268 §3] */
const ROTATIONS = [1, 2, 3, 5] as const

/**
 * The effective length of the key is its own. Throws KeyError WRONG_PASSWORD where the padding does not fit.
 *
 * @param key of 1 to 128 octets
 */
export function decryptRc2Cbc(octets: Uint8Array, key: Uint8Array, iv: Uint8Array): Uint8Array {
  if (octets.length === 0 || octets.length % BLOCK !== 0 || iv.length !== BLOCK)
    throw new KeyError('MALFORMED', 'not in blocks of eight octets')
  const words = expand(key)
  const out = Buffer.alloc(octets.length)
  let before = iv
  for (let at = 0; at < octets.length; at += BLOCK) {
    const block = octets.subarray(at, at + BLOCK)
    decryptBlock(block, words, out.subarray(at, at + BLOCK))
    for (let i = 0; i < BLOCK; i++) out[at + i]! ^= before[i]!
    before = block
  }
  return withoutPadding(out)
}

/** 64 words from the key. [RFC 2268 §2] */
function expand(key: Uint8Array): Uint16Array {
  const { length } = key
  const octets = new Uint8Array(EXPANDED_OCTETS)
  octets.set(key)
  for (let i = length; i < EXPANDED_OCTETS; i++)
    octets[i] = PI[(octets[i - 1]! + octets[i - length]!) & 0xff]!
  octets[EXPANDED_OCTETS - length] = PI[octets[EXPANDED_OCTETS - length]!]!
  for (let i = EXPANDED_OCTETS - 1 - length; i >= 0; i--)
    octets[i] = PI[octets[i + 1]! ^ octets[i + length]!]!
  return Uint16Array.from({ length: 64 }, (_, i) => octets[2 * i]! | (octets[2 * i + 1]! << 8))
}

/** Five rounds that unmix, one that unmashes, six, one, and five. [RFC 2268 §4] */
function decryptBlock(block: Uint8Array, words: Uint16Array, out: Uint8Array): void {
  const r = Uint16Array.from({ length: 4 }, (_, i) => block[2 * i]! | (block[2 * i + 1]! << 8))
  for (let round = 15; round >= 0; round--) {
    for (let i = 3; i >= 0; i--) {
      const by = ROTATIONS[i]!
      const rotated = (r[i]! >>> by) | (r[i]! << (16 - by))
      const [last, second, third] = [r[(i + 3) % 4]!, r[(i + 2) % 4]!, r[(i + 1) % 4]!]
      r[i] = rotated - words[4 * round + i]! - (last & second) - (~last & third)
    }
    if (round === 11 || round === 5) for (let i = 3; i >= 0; i--) r[i] = r[i]! - words[r[(i + 3) % 4]! & 63]!
  }
  for (let i = 0; i < 4; i++) {
    out[2 * i] = r[i]! & 0xff
    out[2 * i + 1] = r[i]! >>> 8
  }
}

/** [RFC 8018 §6.1.1] */
function withoutPadding(octets: Buffer): Uint8Array {
  const length = octets.at(-1) ?? 0
  const isPadding =
    length >= 1 && length <= BLOCK && octets.subarray(-length).every((octet) => octet === length)
  if (!isPadding) throw new KeyError('WRONG_PASSWORD', 'the content cannot be decrypted')
  return octets.subarray(0, octets.length - length)
}
