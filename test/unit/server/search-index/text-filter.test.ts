import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { turkishCasemap } from '../../../../mail/turkish-fold.ts'
import { Needle, TextFilter, TextFilterBuilder } from '../../../../server/search-index/text-filter.ts'

const needle = (text: string) => new Needle(turkishCasemap(text))

function filterOf(outside: readonly string[], inside: readonly string[] = []): TextFilter | undefined {
  const builder = new TextFilterBuilder()
  for (const [texts, where] of [
    [outside, 'outside'],
    [inside, 'inside'],
  ] as const)
    for (const text of texts) {
      builder.begin()
      builder.add(turkishCasemap(text), where)
    }
  return TextFilter.read(builder.finish())
}

const words = fc.string({
  unit: fc.oneof(
    fc.constantFrom('i', 'İ', 'ı', 'I', 'ş', '\u0307', 'ß', 'a', ' '),
    fc.string({ unit: 'binary', maxLength: 1 }),
  ),
  maxLength: 40,
})

describe('a text filter', () => {
  test('lets through whatever the text holds, however it was cut [property]', () => {
    fc.assert(
      fc.property(words, words, fc.nat(), fc.nat(), fc.nat(), (before, after, cut, from, length) => {
        const text = turkishCasemap(before + after)
        const builder = new TextFilterBuilder()
        builder.begin()
        const at = cut % (text.length + 1)
        for (const piece of [text.slice(0, at), '', text.slice(at)]) builder.add(piece, 'inside')
        const begin = from % (text.length + 1)
        const held = new Needle(text.slice(begin, begin + (length % 12)))
        if (held.trigrams.length === 0) return
        const filter = TextFilter.read(builder.finish())
        expect(filter?.mayHoldInside(held)).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  test('says no to nearly all that is not there: of a thousand other words less than five', () => {
    const filter = filterOf([Array.from({ length: 600 }, (_, n) => `sozluk${n * 7919} `).join('')])
    let passed = 0
    for (let n = 0; n < 1_000; n++) passed += filter?.mayHoldOutside(needle(`qwx${n}jvz`)) === true ? 1 : 0
    expect(passed).toBeLessThan(5)
    expect(filter?.mayHoldOutside(needle('sozluk7919'))).toBe(true)
  })

  test('tells what is outside from what is inside', () => {
    const filter = filterOf(['teslim edildi'], ['gizli metin'])
    expect(filter?.mayHoldOutside(needle('TESLİM'))).toBe(true)
    expect(filter?.mayHoldOutside(needle('gizli'))).toBe(false)
    expect(filter?.hasInside).toBe(true)
    expect(filter?.mayHoldInside(needle('GİZLİ'))).toBe(true)
    expect(filter?.mayHoldInside(needle('teslim'))).toBe(false)
    expect(filterOf(['teslim'])?.hasInside).toBe(false)
    expect(filterOf([])?.mayHoldOutside(needle('teslim'))).toBe(false)
  })

  test('no trigram reaches from one text into the next', () => {
    expect(filterOf(['ab', 'cd'])?.mayHoldOutside(needle('abcd'))).toBe(false)
  })

  test('a text of many trigrams has no filter, and one just below that has', () => {
    const text = (letters: number) =>
      Array.from({ length: letters }, (_, n) => String.fromCharCode(0x4e00 + n)).join('')
    const small = new TextFilterBuilder()
    expect(small.add(text(16_386), 'outside')).toBe(true)
    expect(TextFilter.read(small.finish())?.mayHoldOutside(needle(text(10)))).toBe(true)
    const large = new TextFilterBuilder()
    expect(large.add(text(16_387), 'inside')).toBe(false)
    expect(large.add('', 'inside')).toBe(false)
    expect(TextFilter.read(large.finish())).toBeUndefined()
    expect(large.finish().length).toBe(2)
  })

  test.each([
    ['nothing', []],
    ['another version', [1, 0, 0, 0, 0, 0]],
    ['another kind', [2, 9, 0, 0, 0, 0]],
    ['half a head', [2, 0, 0, 0]],
    ['less than it tells of', [2, 0, 0, 0, 0, 9, 1]],
  ])('of %s says nothing', (_, octets) => {
    expect(TextFilter.read(Uint8Array.from(octets))).toBeUndefined()
  })
})
