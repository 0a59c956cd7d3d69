/**
 * What a file is, by its first octets and never by its name: what can be judged here, or what it is instead. People hand
 * over what lies nearest: a certificate, a picture of the page, the mail of a mailbox.
 *
 * Failure: never throws; what looks like a signature and is none is left to the reader of signatures.
 */

import { OID } from '../asn1/oid.ts'
import { readHeader } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { OpaqueReader } from '../cms/opaque.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { crlsIn } from '../x509/crl.ts'
import { type Finding, findingOf } from './reasons.ts'

export type Recognised =
  /** Octets of the signature, without the text that was around them. */
  | { readonly form: 'signature'; readonly octets: Uint8Array }
  | { readonly form: 'xml' | 'mail' }
  | { readonly form: 'other'; readonly finding: Finding }

/** A ContentInfo tells its type within its first octets, whichever form its length has. */
const HEAD_OCTETS = 64
/** Longer than any mark below, its white space and the first line of a mail. */
const MARK_OCTETS = 1024

export function recognise(octets: Uint8Array): Recognised {
  const start = octets.findIndex((octet) => octet > 0x20)
  if (start === -1) return other('UNKNOWN_FILE')
  if (octets[start] === TAG.sequence) return structure(octets, octets.subarray(start))
  const mark = Buffer.from(octets.subarray(start, start + MARK_OCTETS)).toString('latin1')
  const armoured = /^-----BEGIN ([A-Z0-9 #]{1,40})-----/.exec(mark)
  if (armoured !== null) return inArmour(octets, armoured[1] ?? '')
  if (/^(?:\xff\xfe|\xfe\xff)/.test(mark) || (octets[start] === 0x3c && octets[start + 1] === 0))
    return other('ENCODING', 'UTF-16')
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html)\b/i.test(mark)) return other('NOT_A_SIGNATURE', 'HTML')
  if (/^(?:<|\xef)/.test(mark)) return { form: 'xml' }
  const known = FORMATS.find(([begins]) => begins.test(mark))
  if (known !== undefined) return other('NOT_A_SIGNATURE', known[1])
  if (/^From /.test(mark)) return other('MAILBOX')
  if (BASE64.test(mark)) {
    const der = Buffer.from(textOf(octets), 'base64')
    if (der[0] === TAG.sequence) return structure(der, der)
  }
  return { form: 'mail' }
}

const other = (reason: Finding['reason'], detail = ''): Recognised => ({
  form: 'other',
  finding: findingOf(reason, detail),
})

const FORMATS = [
  [/^%PDF-/, 'PDF'],
  [/^PK(?:\x03\x04|\x05\x06|\x07\x08)/, 'ZIP'],
  [/^\s*[{[]\s*["{[\]}\d]/, 'JSON'],
  [/^\x89PNG/, 'PNG'],
  [/^\xff\xd8\xff/, 'JPEG'],
  [/^\xd0\xcf\x11\xe0/, 'OLE'],
  [/^\x1f\x8b/, 'GZIP'],
] as const

/** A SEQUENCE in base64 begins with M; a header field or a sentence has other characters in its first line. */
const BASE64 = /^M[A-Za-z0-9+/=\r\n]{63,}$/

const textOf = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1')

/** [RFC 7468 §4] */
function inArmour(octets: Uint8Array, label: string): Recognised {
  if (label === 'CERTIFICATE' || label === 'TRUSTED CERTIFICATE') return other('CERTIFICATE_GIVEN')
  if (label === 'X509 CRL') return other('LIST_GIVEN')
  if (label.endsWith('PRIVATE KEY')) return other('KEY_GIVEN')
  if (label !== 'PKCS7' && label !== 'CMS' && label !== 'PKCS #7 SIGNED DATA')
    return other('NOT_A_SIGNATURE', label)
  const text = textOf(octets)
  const from = text.indexOf('-----', text.indexOf('-----BEGIN ') + 11) + 5
  const end = text.indexOf('-----END ', from)
  const der = Buffer.from(text.slice(from, end === -1 ? text.length : end), 'base64')
  return der[0] === TAG.sequence ? structure(der, der) : { form: 'signature', octets: der }
}

/** @param der from its first octet on; `whole` as it was given, which a signature is judged as */
function structure(whole: Uint8Array, der: Uint8Array): Recognised {
  const signature: Recognised = { form: 'signature', octets: whole }
  const inner = firstInside(der)
  if (inner === TAG.oid) return contentInfo(der) ?? signature
  if (inner === TAG.integer) {
    const [version, next] = versionAndNext(der)
    if (version === 1) return other('RECORD_GIVEN')
    if (version === 3 || (version === 0 && next === TAG.sequence)) return other('KEY_GIVEN')
  }
  if (inner === TAG.enumerated) return other('ANSWER_GIVEN')
  if (inner === TAG.sequence && isRead(() => parseCertificate(der))) return other('CERTIFICATE_GIVEN')
  if (inner === TAG.sequence && isRead(() => crlsIn(der))) return other('LIST_GIVEN')
  return signature
}

function contentInfo(der: Uint8Array): Recognised | undefined {
  const reader = new OpaqueReader(() => {})
  reader.write(der.subarray(0, HEAD_OCTETS))
  if (reader.isEncrypted) return other('ENCRYPTED')
  const { infoType } = reader
  if (infoType === undefined || infoType === OID.signedData) return undefined
  return other('NOT_A_SIGNATURE', infoType === OID.data ? 'CMS data' : infoType)
}

/** The tag of the first element in the outermost; undefined where there is none. */
function firstInside(der: Uint8Array): number | undefined {
  try {
    return der[readHeader(der, 0, der.length, 'ber').contentStart]
  } catch {
    return undefined
  }
}

/** A small version, and the tag of what follows it. */
function versionAndNext(der: Uint8Array): [version: number | undefined, next: number | undefined] {
  try {
    const at = readHeader(der, 0, der.length, 'ber').contentStart
    const { contentStart, contentLength } = readHeader(der, at, der.length, 'ber')
    return contentLength === 1 ? [der[contentStart], der[contentStart + 1]] : [undefined, undefined]
  } catch {
    return [undefined, undefined]
  }
}

function isRead(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}

/** Mail whose lines end in LF alone: something on its way, or an editor, has changed each octet at their ends. */
export function hasBareLineEnds(octets: Uint8Array): boolean {
  const first = octets.indexOf(0x0a)
  return first > 0 && octets[first - 1] !== 0x0d
}

/** Whether it begins with a header field. [RFC 5322 §2.2] */
export const beginsAsMail = (octets: Uint8Array): boolean =>
  /^[!-9;-~]{1,100}[ \t]*:/.test(Buffer.from(octets.subarray(0, 128)).toString('latin1').trimStart())
