/**
 * Where a record stands in its chain, as a text of its own: people can read it, and it lives on where the octets themselves
 * may not. It is sealed together with the octets, and names them by two digests.
 */
import { createHash } from 'node:crypto'
import { GENESIS, type Leaf, leafOf } from './leaf.ts'

export interface Position {
  readonly chain: string
  /** From 1. */
  readonly sequence: number
  /** The leaf before; empty for the first. */
  readonly previous: Uint8Array
  readonly leaf: Uint8Array
  /** Of the octets. */
  readonly sha256: Uint8Array
  readonly sha512: Uint8Array
}

const TITLE = 'openkep archive position 1'
const FORM =
  /^openkep archive position 1\nchain: ([a-z]{1,32})\nsequence: ([1-9]\d{0,15})\nsha256: ([0-9a-f]{64})\nsha512: ([0-9a-f]{128})\nprevious: (-|[0-9a-f]{64})\nleaf: ([0-9a-f]{64})\n$/

export function positionOf(entry: {
  readonly chain: string
  readonly sequence: number
  readonly previous: Uint8Array
  readonly leaf: Uint8Array
  readonly octets: Uint8Array
}): Position {
  const { chain, sequence, previous, leaf, octets } = entry
  const digest = (name: string): Uint8Array => createHash(name).update(octets).digest()
  return { chain, sequence, previous, leaf, sha256: digest('sha256'), sha512: digest('sha512') }
}

export function writePosition({ chain, sequence, previous, leaf, sha256, sha512 }: Position): Uint8Array {
  return Buffer.from(
    `${TITLE}\nchain: ${chain}\nsequence: ${sequence}\nsha256: ${hex(sha256)}\nsha512: ${hex(sha512)}\n` +
      `previous: ${previous.length === 0 ? '-' : hex(previous)}\nleaf: ${hex(leaf)}\n`,
  )
}

/** undefined where it is no such text. */
export function readPosition(octets: Uint8Array): Position | undefined {
  const match = FORM.exec(Buffer.from(octets).toString('latin1'))
  if (match === null) return undefined
  const [, chain = '', sequence = '', sha256 = '', sha512 = '', previous = '', leaf = ''] = match
  return {
    chain,
    sequence: Number(sequence),
    previous: previous === '-' ? GENESIS : Buffer.from(previous, 'hex'),
    leaf: Buffer.from(leaf, 'hex'),
    sha256: Buffer.from(sha256, 'hex'),
    sha512: Buffer.from(sha512, 'hex'),
  }
}

/** Whether these are the octets that stand there, both digests and the leaf alike. */
export function standsAt(position: Position, octets: Uint8Array): boolean {
  const { chain, sequence, previous } = position
  if (!Number.isSafeInteger(sequence)) return false
  const leaf: Leaf = leafOf({ chain, sequence, algorithm: 'sha256', previous, octets })
  const found = positionOf({ chain, sequence, previous, leaf: leaf.hash, octets })
  return Buffer.from(writePosition(found)).equals(writePosition(position))
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
