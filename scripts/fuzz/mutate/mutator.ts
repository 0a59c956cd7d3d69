/** Bends inputs: octets anywhere, and the parts that a format has. */
import type { Random } from '../../soak/power-loss/random.ts'
import { bendDer, derSpots } from './der.ts'
import { bendImap, imapSpots } from './imap.ts'
import { bendMail, mailSpots } from './mail.ts'
import { bendOctets } from './octets.ts'
import { bendScript, scriptSpots } from './script.ts'
import { bendXml, xmlSpots } from './xml.ts'

export type MutatorKind = 'der' | 'xml' | 'mail' | 'imap' | 'imap-session'

/** Octets with where their parts are, found once for all that is made of them. */
export interface Entry {
  readonly octets: Uint8Array
  spots?: unknown
}

/** Longer inputs cost time and say nothing that shorter ones do not; growth is measured by itself. */
export const MAX_INPUT_OCTETS = 8 * 1024

/** How often the format is left alone and octets alone are bent. */
const PLAIN_SHARE = 0.35

const BENDERS: Readonly<
  Record<MutatorKind, { bend: (entry: Entry, other: Entry, random: Random) => Uint8Array }>
> = {
  der: {
    bend: (entry, other, random) => bendDer(spotted(entry, derSpots), spotted(other, derSpots), random),
  },
  xml: {
    bend: (entry, other, random) => bendXml(spotted(entry, xmlSpots), spotted(other, xmlSpots), random),
  },
  mail: {
    bend: (entry, other, random) => bendMail(spotted(entry, mailSpots), spotted(other, mailSpots), random),
  },
  imap: {
    bend: (entry, other, random) => bendImap(spotted(entry, imapSpots), spotted(other, imapSpots), random),
  },
  'imap-session': {
    bend: (entry, other, random) =>
      bendScript(spotted(entry, scriptSpots), spotted(other, scriptSpots), random),
  },
}

/** One to four changes, the first of them most often one of the format. */
export function bend(kind: MutatorKind, entry: Entry, other: Entry, random: Random): Uint8Array {
  const structured = !random.chance(PLAIN_SHARE)
  let octets = structured
    ? BENDERS[kind].bend(entry, other, random)
    : bendOctets(entry.octets, other.octets, kind, random)
  while (random.chance(0.3))
    octets = random.chance(0.5)
      ? BENDERS[kind].bend({ octets }, other, random)
      : bendOctets(octets, other.octets, kind, random)
  return octets.length > MAX_INPUT_OCTETS ? octets.subarray(0, MAX_INPUT_OCTETS) : octets
}

function spotted<T>(entry: Entry, find: (octets: Uint8Array) => T): { octets: Uint8Array; spots: T } {
  entry.spots ??= find(entry.octets)
  return { octets: entry.octets, spots: entry.spots as T }
}
