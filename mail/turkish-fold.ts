import { unicodeCasemap } from './unicode-casemap.ts'

/**
 * Folds text for comparison so that `ilgili` finds `İLGİLİ` and `ILGILI`: the four letters i, ı, I and İ are one,
 * everything else follows Unicode's simple case folding. [RFC 5255 §4.6] leaves such a rule to the server.
 */
export const turkishFold = (text: string): string =>
  text.normalize('NFC').replace(/[İIı]/g, 'i').toLowerCase()

/**
 * For search in mail: what `i;unicode-casemap` finds is found, and on top of it the four letters i are one, since nobody here
 * looks for `ilgili` and means that `İLGİLİ` is another word. [RFC 5255 §4.2]
 */
export const turkishCasemap = (text: string): string => withoutDots(unicodeCasemap(text))

/** Of what `unicodeCasemap` answers: İ is an I and a dot there. */
export const withoutDots = (mapped: string): string => mapped.replaceAll('I\u0307', 'I')

const ascii = new Map([...'çÇğĞıİöÖşŞüÜ'].map((letter, index) => [letter, 'cCgGiIoOsSuU'[index] ?? letter]))

/** Turkish letters without their marks, case kept: what an SMTP reply may carry. */
export const turkishToAscii = (text: string): string =>
  [...text.normalize('NFC')].map((letter) => ascii.get(letter) ?? letter).join('')
