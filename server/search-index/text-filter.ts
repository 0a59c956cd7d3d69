import { TrigramSet, trigramOf } from './trigrams.ts'

/**
 * What a message may hold, in two parts: what anybody may search, and the content of a delivered original, which is asked only
 * once somebody has read it. Each part is a Bloom filter over the trigrams of its folded text: it says no for certain, or perhaps.
 *
 * Octets: version, kind, octets of the first part (32 bits, big-endian), first part, second part.
 */
export class TextFilter {
  readonly #outside: Uint8Array
  readonly #inside: Uint8Array

  private constructor(outside: Uint8Array, inside: Uint8Array) {
    this.#outside = outside
    this.#inside = inside
  }

  /** undefined where it says nothing: of another version, or of a message with too much or unknown text. */
  static read(octets: Uint8Array): TextFilter | undefined {
    if (octets[0] !== VERSION || octets[1] !== BITS || octets.length < HEAD) return undefined
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
    const border = HEAD + view.getUint32(2)
    if (border > octets.length) return undefined
    return new TextFilter(octets.subarray(HEAD, border), octets.subarray(border))
  }

  mayHoldOutside(needle: Needle): boolean {
    return mayHold(this.#outside, needle)
  }

  get hasInside(): boolean {
    return this.#inside.length > 0
  }

  mayHoldInside(needle: Needle): boolean {
    return mayHold(this.#inside, needle)
  }
}

/** A text that is looked for. */
export class Needle {
  readonly folded: string
  /** None where it is too short to tell anything. */
  readonly trigrams: readonly number[]

  constructor(folded: string) {
    this.folded = folded
    this.trigrams = Array.from({ length: Math.max(0, folded.length - 2) }, (_, at) => trigramOf(folded, at))
  }
}

/** Grows with every change of what is folded, cut or hashed: what an older program wrote says nothing then. */
const VERSION = 4
const BITS = 0
const TOO_MUCH = 1
const HEAD = 6

/** 1 in 60 trigrams that are not there seems to be; a word has several. */
const BITS_A_TRIGRAM = 10
const HASHES = 3
/** A page of filters stays some MiB, and what has more text than a long book chapter is rare in mail. */
const MAX_TRIGRAMS = 16_384

/** Takes the texts of one message, each in pieces that are folded. */
export class TextFilterBuilder {
  readonly #outside = new TrigramSet(MAX_TRIGRAMS)
  readonly #inside = new TrigramSet(MAX_TRIGRAMS)
  #hasTooMuch = false
  #before = ''

  /** The next text begins: no trigram reaches from one into another. */
  begin(): void {
    this.#before = ''
  }

  /** False where there is too much, and nothing more needs to be added. */
  add(folded: string, where: 'outside' | 'inside'): boolean {
    const text = this.#before + folded
    const set = where === 'outside' ? this.#outside : this.#inside
    this.#hasTooMuch ||= !set.addAll(text)
    this.#before = text.slice(-2)
    return !this.#hasTooMuch
  }

  /** What it holds is not known as a whole, and so it says nothing. */
  giveUp(): void {
    this.#hasTooMuch = true
  }

  finish(): Uint8Array {
    if (this.#hasTooMuch) return Uint8Array.of(VERSION, TOO_MUCH)
    const [outside, inside] = [bitsOf(this.#outside), bitsOf(this.#inside)]
    const octets = Buffer.alloc(HEAD + outside.length + inside.length)
    octets[0] = VERSION
    octets[1] = BITS
    octets.writeUInt32BE(outside.length, 2)
    octets.set(outside, HEAD)
    octets.set(inside, HEAD + outside.length)
    return octets
  }
}

function bitsOf(trigrams: TrigramSet): Uint8Array {
  const bits = new Uint8Array(Math.ceil((trigrams.size * BITS_A_TRIGRAM) / 8))
  for (const trigram of trigrams)
    for (let n = 0; n < HASHES; n++) {
      const at = place(trigram, n, bits.length)
      bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7))
    }
  return bits
}

function mayHold(bits: Uint8Array, { trigrams }: Needle): boolean {
  if (bits.length === 0) return trigrams.length === 0
  for (const trigram of trigrams)
    for (let n = 0; n < HASHES; n++) {
      const at = place(trigram, n, bits.length)
      if (((bits[at >>> 3] ?? 0) & (1 << (at & 7))) === 0) return false
    }
  return true
}

/** The second number is odd, so that it meets other places each time. */
const place = (trigram: number, n: number, octets: number): number =>
  ((trigram + Math.imul(n, Math.imul(trigram, 0x9e3779b1) | 1)) >>> 0) % (octets * 8)
