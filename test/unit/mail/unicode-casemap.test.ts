import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import { inCodePointOrder, unicodeCasemap } from '../../../mail/unicode-casemap.ts'

const text = fc.string({
  unit: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 1 }), fc.string({ unit: 'binary', maxLength: 1 })),
})

describe('i;unicode-casemap [RFC 5051 §2]', () => {
  test.each([
    ['ilgili', 'ILGILI'],
    ['ılgılı', 'ILGILI'],
    ['İLGİLİ', 'I\u0307LGI\u0307LI\u0307'],
    ['Çağrı', 'C\u0327AG\u0306RI'],
    ['C\u0327ag\u0306ri', 'C\u0327AG\u0306RI'],
    ['Ὀδυσσεύς', 'Ο\u0313ΔΥΣΣΕΥ\u0301Σ'],
    ['straße', 'STRAßE'],
    ['ﬁ ＡＢｃ ①', 'FI ABC 1'],
    // A digraph has a titlecase of its own, of which both halves are mapped in their turn.
    ['ǆ Ǆ ǅ', 'DZ\u030c DZ\u030c DZ\u030c'],
    ['ᾳ ᾼ', 'ΑΙ ΑΙ'],
    ['ქართული', 'ქართული'],
    ['한글', '한글'],
    ['\u212a \ud801\udc28', 'K \ud801\udc00'],
    ['\ud800x', '\ud800X'],
  ])('%s is %s', (from, to) => {
    expect(unicodeCasemap(from)).toBe(to)
  })

  test('what it maps to maps to itself, and texts stand in the order of their octets [property]', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [mapped, other] = [unicodeCasemap(a), unicodeCasemap(b)]
        expect(unicodeCasemap(mapped)).toBe(mapped)
        const octets = (of: string) => Buffer.from(of, 'utf8')
        const [left, right] = [inCodePointOrder(mapped), inCodePointOrder(other)]
        expect(Number(left > right) - Number(left < right)).toBe(octets(mapped).compare(octets(other)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('beyond the first plane stands behind what UTF-16 would put after it', () => {
    expect('\uff00' < '\u{10000}').toBe(false)
    expect(inCodePointOrder('\uff00') < inCodePointOrder('\u{10000}')).toBe(true)
    expect(inCodePointOrder('\ue000') < inCodePointOrder('\uff00')).toBe(true)
    expect(inCodePointOrder('çarşı')).toBe('çarşı')
  })
})

test('in search the four letters i are one, and nothing that the casemap finds is lost [property]', () => {
  const all = ['ilgili', 'İLGİLİ', 'ILGILI', 'ılgılı', 'İlgili', 'i\u0307lgili', 'I\u0307lgılı']
  expect(new Set(all.map(turkishCasemap))).toEqual(new Set(['ILGILI']))
  expect(turkishCasemap('İZMİR’İN ÇARŞISI')).toContain(turkishCasemap('çarşısı'))
  fc.assert(
    fc.property(text, text, text, (before, word, after) => {
      const whole = before + word + after
      fc.pre(
        unicodeCasemap(whole).includes(unicodeCasemap(word)) && !turkishCasemap(word).startsWith('\u0307'),
      )
      expect(turkishCasemap(whole)).toContain(turkishCasemap(word))
    }),
  )
})

test('what nothing maps stays, when it is met and when it was met before: planes 0 to 2, and the end', () => {
  for (const text of ['\u0950\u{10000}\u{20000}\u{2f7ff}\u{2fa20}\u{10ffff}', '\u0950\u{10000}'])
    for (const _ of [1, 2]) expect(unicodeCasemap(text)).toBe(text)
  expect(unicodeCasemap('\u{2f800}')).toBe('\u4e3d')
  expect(unicodeCasemap('\u{10428}')).toBe('\u{10400}')
})
