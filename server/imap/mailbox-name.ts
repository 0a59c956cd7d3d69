import { bad, no } from './failure.ts'
import { MAX_LEVELS, MAX_NAME, MAX_NAME_ON_WIRE } from './limits.ts'

export const SEPARATOR = '/'

/**
 * Mailbox names on the wire: UTF-8 after ENABLE IMAP4rev2, modified UTF-7 before. [RFC 9051 §5.1] [RFC 3501 §5.1.3]
 * Octet strings hold one char per octet; names inside are Unicode in NFC.
 */
export function nameFromWire(octets: string, utf8: boolean): string {
  // Before anything reads it: putting combining marks in order takes the square of their number.
  if (octets.length > MAX_NAME_ON_WIRE) throw tooLong()
  const name = utf8 ? decodeUtf8(octets) : decodeModifiedUtf7(octets)
  if (name !== undefined) return withInbox(name.normalize('NFC'))
  // The one is no string of the protocol, the other a name that no mailbox can have.
  throw utf8
    ? bad('The mailbox name is not UTF-8')
    : no('CANNOT', 'Kutu adi UTF-7 degil', 'The mailbox name is not modified UTF-7')
}

/** As it was sent, where that is composed otherwise than the name; undefined in modified UTF-7, which we take in one spelling. */
export function spelledOtherwise(octets: string, utf8: boolean): string | undefined {
  const sent = utf8 ? decodeUtf8(octets) : undefined
  return sent === undefined || sent === sent.normalize('NFC') ? undefined : sent
}

/** As `nameFromWire`; undefined for what no mailbox can be named by. */
export function patternFromWire(octets: string, utf8: boolean): string | undefined {
  const isNoName = !utf8 && octets.length <= MAX_NAME_ON_WIRE && decodeModifiedUtf7(octets) === undefined
  return isNoName ? undefined : nameFromWire(octets, utf8)
}

export const nameToWire = (name: string, utf8: boolean): string =>
  utf8 ? Buffer.from(name, 'utf8').toString('latin1') : encodeModifiedUtf7(name)

const tooLong = () => no('CANNOT', 'Kutu adi cok uzun', 'The mailbox name is too long')

/** INBOX is one in every spelling, also as the beginning of longer names. [RFC 9051 §5.1] */
function withInbox(name: string): string {
  const [first = ''] = name.split(SEPARATOR, 1)
  return /^inbox$/i.test(first) ? `INBOX${name.slice(first.length)}` : name
}

/** Throws where a mailbox of this name may not be made. */
export function checkNewName(name: string): void {
  const levels = name.split(SEPARATOR)
  if (Buffer.byteLength(name) > MAX_NAME || levels.length > MAX_LEVELS) throw tooLong()
  if (levels.some((level) => level === ''))
    throw no('CANNOT', 'Kutu adinin bir duzeyi bos', 'A level of the mailbox name is empty')
  if (/[\p{Cc}\p{Cs}\u2028\u2029%*]/u.test(name))
    throw no(
      'CANNOT',
      'Kutu adinda izin verilmeyen bir karakter var',
      'The mailbox name has a character that is not allowed',
    )
}

/** `a`, `a/b` of `a/b/c`. */
export const parentsOf = (name: string): string[] => {
  const levels = name.split(SEPARATOR)
  return levels.slice(1).map((_, index) => levels.slice(0, index + 1).join(SEPARATOR))
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function decodeUtf8(octets: string): string | undefined {
  try {
    return UTF8.decode(Buffer.from(octets, 'latin1'))
  } catch {
    return undefined
  }
}

export const encodeModifiedUtf7 = (name: string): string =>
  name.replace(/&|[^\x20-\x7e]+/g, (run) =>
    run === '&' ? '&-' : `&${toUtf16(run).toString('base64').replace(/=+$/, '').replaceAll('/', ',')}-`,
  )

/** undefined where it is not what {@link encodeModifiedUtf7} writes: one name must not have two spellings. */
export function decodeModifiedUtf7(octets: string): string | undefined {
  if (/[^\x20-\x7e]/.test(octets)) return undefined
  const name = octets.replace(/&([^&-]*)-/g, (_, run: string) =>
    run === '' ? '&' : fromUtf16(Buffer.from(run.replaceAll(',', '/'), 'base64')),
  )
  return encodeModifiedUtf7(name) === octets ? name : undefined
}

const toUtf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
const fromUtf16 = (octets: Buffer): string =>
  octets.length % 2 === 0 ? Buffer.from(octets).swap16().toString('utf16le') : '\uffff'
