import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FoldedPieces } from '../../../mail/folded-pieces.ts'
import { turkishCasemap } from '../../../mail/turkish-fold.ts'

/** What folding makes one of two, or two of one, and halves of pairs. */
const nasty = fc.constantFrom(
  'i',
  'I',
  'İ',
  'ı',
  '\u0307',
  'ß',
  'ş',
  's\u0327',
  'ﬁ',
  'ǆ',
  '\ud801',
  '\udc28',
  '𐐨',
)
const piece = fc.array(
  fc.oneof({ weight: 3, arbitrary: nasty }, fc.string({ unit: 'binary', maxLength: 2 })),
  { maxLength: 6 },
)

const foldedOf = (pieces: readonly string[]): string => {
  const folded = new FoldedPieces()
  return pieces.map((one) => folded.push(one)).join('') + folded.end()
}

test('wherever a text is cut, its fold is that of the whole [property]', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (units) => {
      const pieces = units.map((one) => one.join(''))
      expect(foldedOf(pieces)).toBe(turkishCasemap(pieces.join('')))
    }),
    { numRuns: 5_000 },
  )
})

test.each([
  [['i', '\u0307', '\u0307']],
  [['i\u0307', '\u0307']],
  [['I', '', '\u0307x']],
  [['\ud801', '\udc28']],
  [['\ud801', '', 'x']],
  [['ab\ud801']],
  [[]],
])('%j', (pieces) => {
  expect(foldedOf(pieces)).toBe(turkishCasemap(pieces.join('')))
})

test('the fold of a long text is that of its characters, wherever an inner buffer ends', () => {
  for (const length of [8_150, 8_165, 8_190, 8_192, 16_400]) {
    const text = `${'a'.repeat(length)}\ufdfaş𐐨${'ı'.repeat(9_000)}`
    expect(turkishCasemap(text)).toBe([...text].map(turkishCasemap).join(''))
  }
})
