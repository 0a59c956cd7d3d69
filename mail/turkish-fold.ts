/**
 * Folds text for comparison so that `ilgili` finds `İLGİLİ` and `ILGILI`: the four letters i, ı, I and İ are one,
 * everything else follows Unicode's simple case folding. [RFC 5255 §4.6] leaves such a rule to the server.
 */
export const turkishFold = (text: string): string =>
  text.normalize('NFC').replace(/[İIı]/g, 'i').toLowerCase()

const ascii = new Map([...'çÇğĞıİöÖşŞüÜ'].map((letter, index) => [letter, 'cCgGiIoOsSuU'[index] ?? letter]))

/** Turkish letters without their marks, case kept: what an SMTP reply may carry. */
export const turkishToAscii = (text: string): string =>
  [...text.normalize('NFC')].map((letter) => ascii.get(letter) ?? letter).join('')
