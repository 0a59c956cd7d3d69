/**
 * The part of an envelope that people read: what this is, about which message, and what we found out about the user's
 * signature. Never content of the message, nothing that is fetched from a network, every value escaped.
 * [EN 319 532-3 §6.2]
 */
import { quotedPrintable } from './quoted-printable.ts'

/** What we found when the message was handed in. */
export interface UserSignature {
  readonly valid: boolean
  /** Subject common name, or the whole name. */
  readonly signer: string
  readonly issuer: string
  /** When we checked it. */
  readonly checkedAt: Date
}

export interface Introduction {
  readonly title: string
  /** A sentence or two in Turkish. */
  readonly text: string
  /** Label and value, in order. */
  readonly rows: readonly (readonly [label: string, value: string])[]
}

/** Times on screens are those of the country. */
const istanbul = new Intl.DateTimeFormat('tr-TR', {
  timeZone: 'Europe/Istanbul',
  dateStyle: 'long',
  timeStyle: 'medium',
})

export const shownTime = (time: Date): string => `${istanbul.format(time)} (TSİ)`

const calendarDay = new Intl.DateTimeFormat('tr-TR', { timeZone: 'UTC', dateStyle: 'long' })

/** A day of the calendar, `2026-11-27`, as people write it. */
export const shownDay = (day: string): string => calendarDay.format(new Date(`${day}T00:00:00Z`))

export const signatureRows = (signature: UserSignature): Introduction['rows'] => [
  ['İmza doğrulama', signature.valid ? 'Geçerli' : 'Geçersiz'],
  ['İmzalayan', signature.signer],
  ['Sertifikayı veren', signature.issuer],
  ['Doğrulama zamanı', shownTime(signature.checkedAt)],
]

/** Both alternatives as a MIME part without its own header: 7bit by quoted-printable. */
export function introductionBody(introduction: Introduction, boundary: string): string {
  return [
    `--${boundary}`,
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    quotedPrintable(plain(introduction)),
    `--${boundary}`,
    'Content-Type: text/html; charset=UTF-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    quotedPrintable(html(introduction)),
    `--${boundary}--`,
    '',
  ].join('\r\n')
}

/** One line per row: a value cannot make itself look like another row. */
const plain = ({ title, text, rows }: Introduction): string =>
  [title, '', text, '', ...rows.map(([label, value]) => `${label}: ${oneLine(value)}`), ''].join('\n')

const html = ({ title, text, rows }: Introduction): string =>
  [
    '<!DOCTYPE html>',
    `<html lang="tr"><head><meta charset="utf-8"><title>${escaped(title)}</title></head><body>`,
    `<h1>${escaped(title)}</h1>`,
    `<p>${escaped(text)}</p>`,
    '<table>',
    ...rows.map(
      ([label, value]) => `<tr><th align="left">${escaped(label)}</th><td>${escaped(value)}</td></tr>`,
    ),
    '</table></body></html>',
    '',
  ].join('\n')

/** Bidirectional overrides too: they make a name read backwards. */
const oneLine = (value: string): string =>
  value.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').toWellFormed()

const escaped = (value: string): string =>
  oneLine(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
