import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HtmlText } from '../../../../server/imap/html-text.ts'

function shown(pieces: readonly string[]): string {
  const reader = new HtmlText()
  return pieces.map((piece) => reader.push(piece)).join('') + reader.end()
}

describe('HTML §13.2.5: the text that is shown', () => {
  test.each([
    ['letters that are set differently', '<p><b>keli</b>me</p>', ' kelime '],
    ['references', '&ccedil;&#351;&#x131;&amp;lt;&ccedil', 'çşı&lt;ç'],
    ['what is no reference stays', 'a & b &yok; &', 'a & b &yok; &'],
    ['spaces and line ends are one space', 'bir&nbsp;\r\n  <i> iki</i>', 'bir iki'],
    ['hyphens and breaks that are not seen', 'keli&shy;me<wbr>ler', 'kelimeler'],
    ['cells and lines are no word together', 'a<td>b</td>c<br>d<BR/>e', 'a b c d e'],
    ['scripts and styles', 'a<style>p{}</style>b<SCRIPT src="x">"<p>gizli"</scrip></SCRIPT >c', 'abc'],
    ['one that never ends', 'a<script>gizli', 'a'],
    ['comments', 'a<!-- gizli > <p>-->b<!-->c<!--->d', 'abcd'],
    ['a comment that ends with a mark', 'a<!-- b --!> c <p>d</p>', 'a c d '],
    ['an end tag of another element', 'a<script>b</scripty>c</script>d', 'ad'],
    ['declarations and what is none', '<!DOCTYPE html><?xml a?><![if !mso]>a</ b>c', 'ac'],
    ['a mark in an attribute', '<img alt="a>b" title = \'c>"d\' x=">">e', 'e'],
    ['a quote that opens nothing', '<p it"s>a</p><a href=b"c>d</a>', ' a d'],
    ['a mark that opens nothing', 'a < b <3 c<', 'a < b <3 c<'],
    ['cut short', 'metin<b title="', 'metin'],
    [
      'a long name, and one like one that is not shown',
      '<scripted>a<h1-of-thirty-characters-in-all-x>b',
      'ab',
    ],
  ])('%s', (_, given, expected) => {
    expect(shown([given])).toBe(expected)
    expect(shown([...given])).toBe(expected)
  })

  const bits = [
    '<',
    '>',
    '/',
    '!',
    '--',
    '-->',
    '&',
    'amp;',
    '#3',
    '5;',
    '"',
    "'",
    '=',
    ' ',
    'script',
    'b',
    'p',
    'ş',
  ]
  test('is the same wherever it is cut [property]', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...bits), { maxLength: 40 }),
        fc.nat(),
        fc.nat(),
        (words, a, b) => {
          const text = words.join('')
          const [first, second] = [a % (text.length + 1), b % (text.length + 1)].sort((x, y) => x - y)
          const cut = [text.slice(0, first), text.slice(first, second), text.slice(second)]
          expect(shown(cut)).toBe(shown([text]))
        },
      ),
      { numRuns: 500 },
    )
  })
})
