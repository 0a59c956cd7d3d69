/** Bends what clients do: steps, and the commands in them. */
import type { Random } from '../../soak/power-loss/random.ts'
import { growScript, growSteps } from '../imap/script.ts'
import { bendImap, imapSpots } from './imap.ts'

export interface SpottedScript {
  readonly octets: Uint8Array
  /** Lines with their ends. */
  readonly spots: readonly string[]
}

/** Longer sessions take time and say little more. */
const MAX_STEPS = 24

export const scriptSpots = (octets: Uint8Array): string[] =>
  Buffer.from(octets)
    .toString('latin1')
    .match(/[^\n]*\n|[^\n]+$/g) ?? []

export function bendScript({ spots }: SpottedScript, other: SpottedScript, random: Random): Uint8Array {
  const bent = spots.length === 0 || random.chance(0.3) ? [growScript(random)] : changed(spots, other, random)
  return Buffer.from(
    scriptSpots(Buffer.from(bent.join(''), 'latin1'))
      .slice(0, MAX_STEPS)
      .join(''),
    'latin1',
  )
}

function changed(spots: readonly string[], other: SpottedScript, random: Random): string[] {
  const at = random.whole(0, spots.length - 1)
  const line = spots[at]!
  const put = (...pieces: readonly string[]): string[] => [
    ...spots.slice(0, at),
    ...pieces,
    ...spots.slice(at + 1),
  ]
  switch (random.whole(0, 9)) {
    case 0:
      return put()
    case 1:
      return put(line, line)
    case 2:
      return put(line, growSteps(random))
    case 3:
      return put(growSteps(random))
    case 4:
      return put(...other.spots.slice(random.whole(0, Math.max(0, other.spots.length - 1))), line)
    case 5: {
      const cut = random.whole(3, Math.max(3, line.length - 1))
      return put(`${line.slice(0, cut)}\n`, `${line.slice(0, 3)}${line.slice(cut)}`)
    }
    case 6:
      return put(line.replace(/^A/, 'B'))
    case 7:
      return put(line.replace(/^(.)>/, '$1+'))
    default: {
      const octets = Buffer.from(line.slice(3), 'latin1')
      const bent = bendImap({ octets, spots: imapSpots(octets) }, other, random)
      const text = Buffer.from(bent).toString('latin1').replace(/\r/g, '\\r').replace(/\n/g, '\\n')
      return put(`${line.slice(0, 3)}${text}${text.endsWith('\\n') ? '' : '\\r\\n'}\n`)
    }
  }
}
