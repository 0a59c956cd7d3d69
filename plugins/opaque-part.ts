import { beginsAsCms, type SignedContent } from '../evidence/index.ts'
import { fileNamesOf } from '../mail/file-name.ts'
import type { MimePart } from '../mail/mime-part.ts'

/**
 * Whether programs look for a signature around a content in this part: by its type, by its name, or, where the type says
 * nothing or promises a signature alone, by its first octets. [RFC 8551 §3.2.1]
 */
export async function isOpaque(part: MimePart, open: SignedContent['open']): Promise<boolean> {
  if (part.children.length > 0) return false
  if (fileNamesOf(part).some((name) => /\.p7m[.\s]*$/i.test(name))) return true
  if (part.type !== 'application') return false
  if (/^(?:(?:x-)?pkcs7-mime|cms)$/.test(part.subtype)) return true
  const isUndecided = /^(?:octet-stream|(?:x-)?pkcs7-signature)$/.test(part.subtype)
  return isUndecided && (await beginsAsCms(part, open))
}

/** A signed file of any kind, as `belge.pdf.p7m` is; `smime.p7m` is what mail programs show as a message. */
export const isSavedAsFile = (part: MimePart): boolean =>
  fileNamesOf(part).some((name) => !/^smime\.p7[mz]$/i.test(name.trim()))
