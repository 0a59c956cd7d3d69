/** Bends commands: words, parentheses, quotes, literals; or grows another from the grammar. */
import type { Random } from '../../soak/power-loss/random.ts'
import { grow, IMAP_WORDS } from '../imap/grammar.ts'

export interface SpottedCommand {
  readonly octets: Uint8Array
  /** Words and what stands between them. */
  readonly spots: readonly string[]
}

export const imapSpots = (octets: Uint8Array): string[] =>
  Buffer.from(octets)
    .toString('latin1')
    .match(/"(?:[^"\\\r\n]|\\.)*"|\{[0-9]+\+?\}\r\n|[^\s()[\]"{,:]+|[\s\S]/g) ?? []

const SYMBOLS = [
  'set',
  'keys',
  'items',
  'section',
  'mailbox',
  'string',
  'literal',
  'number',
  'flags',
  'message',
  'url',
  'entry',
  'pattern',
  'date',
]
const POISONS = [
  'NIL',
  '()',
  '(',
  ')',
  '"',
  '\\',
  '{',
  '{5}',
  '{5+}\r\n',
  '~',
  '*',
  '%',
  '\0',
  '\r',
  '\n',
  '\r\n',
  ' ',
  '$',
  '&',
  '[',
  ']',
  '<0.1>',
  '+',
]

/** Whole commands are grown so often that what is bent is not always the same. */
const FRESH_SHARE = 0.15

export function bendImap({ spots }: SpottedCommand, other: SpottedCommand, random: Random): Uint8Array {
  if (spots.length === 0 || random.chance(FRESH_SHARE)) return latin(`a ${grow('command', random)}`)
  const at = random.whole(0, spots.length - 1)
  const to = Math.min(spots.length, at + (random.chance(0.3) ? random.whole(1, 8) : 1))
  const piece = spots.slice(at, to).join('')
  const put = (text: string): Uint8Array =>
    latin(spots.slice(0, at).join('') + text + spots.slice(to).join(''))
  switch (random.whole(0, 8)) {
    case 0:
      return put('')
    case 1:
      return put(piece.repeat(random.chance(0.05) ? random.whole(3, 200) : 2))
    case 2:
      return put(grow(random.one(SYMBOLS), random))
    case 3:
      return put(random.one(POISONS))
    case 4:
      return put(random.one(IMAP_WORDS))
    case 5:
      return put(`(${piece})`)
    case 6:
      return put(`{${piece.length}+}\r\n${piece}`)
    case 7: {
      const from = random.whole(0, Math.max(0, other.spots.length - 1))
      return put(other.spots.slice(from, from + random.whole(1, 12)).join(''))
    }
    default:
      return put(`${piece}${random.chance(0.5) ? ' ' : ','}${grow(random.one(SYMBOLS), random)}`)
  }
}

const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1')
