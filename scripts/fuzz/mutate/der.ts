/** Bends elements of DER as elements, so that what is around them still fits. */
import { Asn1Error } from '../../../evidence/asn1/error.ts'
import { Reader } from '../../../evidence/asn1/reader.ts'
import { TAG } from '../../../evidence/asn1/tag.ts'
import { encode } from '../../../evidence/asn1/writer.ts'
import type { Random } from '../../soak/power-loss/random.ts'
import { spliced } from './octets.ts'

interface Spot {
  readonly start: number
  readonly contentStart: number
  readonly end: number
  /** Index of the element around it; -1 for the outermost. */
  readonly around: number
}

export interface Spotted {
  readonly octets: Uint8Array
  readonly spots: readonly Spot[]
}

/** As many as are worth knowing; lists of revoked certificates have more. */
const MAX_SPOTS = 2000

/** Elements, and those inside OCTET and BIT STRINGs that hold some, in the order of the octets. */
export function derSpots(octets: Uint8Array): Spot[] {
  const spots: Spot[] = []
  const walk = (reader: Reader, around: number, into: number): void => {
    for (const element of reader) {
      if (spots.length === MAX_SPOTS) return
      const mine = spots.length
      spots.push({
        start: element.start,
        contentStart: element.contentStart,
        end: element.contentEnd,
        around,
      })
      if (element.constructed) walk(element.open(), mine, into)
      else if (into > 0 && (element.tag === TAG.octetString || element.tag === TAG.bitString)) {
        const kept = spots.length
        const from = element.contentStart + (element.tag === TAG.bitString ? 1 : 0)
        try {
          walk(new Reader(octets, 'ber', from, element.contentEnd), mine, into - 1)
        } catch (error) {
          if (!(error instanceof Asn1Error)) throw error
          spots.length = kept
        }
      }
    }
  }
  try {
    walk(new Reader(octets, 'ber'), -1, 3)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
  }
  return spots
}

export function bendDer({ octets, spots }: Spotted, other: Spotted, random: Random): Uint8Array {
  if (spots.length === 0) return octets
  const index = random.whole(0, spots.length - 1)
  const spot = spots[index]!
  const whole = octets.subarray(spot.start, spot.end)
  const content = octets.subarray(spot.contentStart, spot.end)
  const tag = octets[spot.start]!
  const put = (piece: Uint8Array): Uint8Array => replaced(octets, spots, index, piece)
  switch (random.whole(0, 12)) {
    case 0:
      return put(new Uint8Array())
    case 1:
      return put(
        Buffer.concat(Array.from({ length: random.chance(0.05) ? random.whole(3, 200) : 2 }, () => whole)),
      )
    case 2:
    case 3: {
      if (other.spots.length === 0) return octets
      const taken = random.one(other.spots)
      return put(other.octets.subarray(taken.start, taken.end))
    }
    case 4: {
      const taken = random.one(spots)
      return put(octets.subarray(taken.start, taken.end))
    }
    case 5:
      return put(encode(random.one(TAGS), content))
    case 6:
      return put(encode(tag ^ 0x20, content))
    case 7:
      return put(encode(random.one(WRAPPERS), whole))
    case 8: // a length in more octets than it needs
      return put(Buffer.concat([Uint8Array.of(tag, 0x84), uint32(content.length), content]))
    case 9: // no length at all
      return put(Buffer.concat([Uint8Array.of(tag | 0x20, 0x80), content, Uint8Array.of(0, 0)]))
    case 10:
      return put(encode(tag, bentContent(content, random)))
    case 11: {
      // Its own octets alone: every length around it is then wrong.
      return spliced(octets, spot.contentStart, spot.end, bentContent(content, random))
    }
    default: {
      const sibling = spots.findIndex(({ around }, at) => at > index && around === spot.around)
      if (sibling < 0) return put(encode(tag, content, whole))
      const { start, end } = spots[sibling]!
      const swapped = Buffer.concat([
        octets.subarray(0, spot.start),
        octets.subarray(start, end),
        octets.subarray(spot.end, start),
        whole,
        octets.subarray(end),
      ])
      return swapped
    }
  }
}

const TAGS = [...Object.values(TAG), 0x80, 0x81, 0x82, 0xa0, 0xa1, 0xa2, 0xa3, 0x24, 0x00, 0x1f, 0x3f]
const WRAPPERS = [TAG.sequence, TAG.set, 0xa0, 0xa1, 0xa2, 0xa3, TAG.octetString, 0x24]

function bentContent(content: Uint8Array, random: Random): Uint8Array {
  switch (random.whole(0, 5)) {
    case 0:
      return content.subarray(0, random.whole(0, content.length))
    case 1:
      return Buffer.concat([content, Uint8Array.of(random.whole(0, 255))])
    case 2:
      return Buffer.concat([Uint8Array.of(random.one([0, 0xff, 0x80, 0x30])), content])
    case 3:
      return new Uint8Array(random.one([0, 1, 2, 4, 8, 9, 20, 33, 64, 65])).fill(random.one([0, 0x80, 0xff]))
    default: {
      const copy = Uint8Array.from(content)
      if (copy.length > 0) copy[random.whole(0, copy.length - 1)] = random.whole(0, 255)
      return copy
    }
  }
}

/** With `piece` in place of an element, and the lengths of all around it made right again. */
function replaced(octets: Uint8Array, spots: readonly Spot[], index: number, piece: Uint8Array): Uint8Array {
  let { start, end, around } = spots[index]!
  let inner = piece
  while (around >= 0) {
    const outer = spots[around]!
    inner = encode(
      octets[outer.start]!,
      octets.subarray(outer.contentStart, start),
      inner,
      octets.subarray(end, outer.end),
    )
    ;({ start, end, around } = outer)
  }
  return spliced(octets, start, end, inner)
}

const uint32 = (value: number): Buffer => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}
