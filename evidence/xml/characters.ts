/** Which characters XML may hold, and how canonical XML writes them. [XML 1.0 §2.2] [XML C14N 1.0 §2.3] */

// Lone surrogates are matched too (the `u` flag pairs the others), so that the result is always encodable.
const illegal = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

/** True where no character would have to be replaced. */
export const isXmlText = (text: string): boolean => text.search(illegal) < 0

/** What XML cannot carry becomes U+FFFD: the delil is still issued, and the raw header's digest tells the rest. */
export const replaceIllegal = (text: string): string =>
  isXmlText(text) ? text : text.replace(illegal, '\ufffd')

/** A CR in text is written as a reference, because a parser would read the bare octet as LF. */
export const escapeText = (text: string): string =>
  /[&<>\r]/.test(text) ? text.replace(/[&<>\r]/g, (c) => textEscapes.get(c) ?? c) : text

export const escapeAttribute = (text: string): string =>
  /[&<"\t\n\r]/.test(text) ? text.replace(/[&<"\t\n\r]/g, (c) => attributeEscapes.get(c) ?? c) : text

const textEscapes = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['\r', '&#xD;'],
])

const attributeEscapes = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['"', '&quot;'],
  ['\t', '&#x9;'],
  ['\n', '&#xA;'],
  ['\r', '&#xD;'],
])
