/** Names, patterns, URLs, dates, entries and subjects as IMAP's commands hold them, each read by itself. */
import { string } from '../../../mail/imap-string.ts'
import { parseMessageUrl } from '../../../server/imap/append/imap-url.ts'
import { Cursor } from '../../../server/imap/cursor.ts'
import {
  dayOfDateField,
  formatDateTime,
  instantOfDateField,
  parseDateTime,
  parseDay,
} from '../../../server/imap/dates.ts'
import { CommandError } from '../../../server/imap/failure.ts'
import { MAX_NAME } from '../../../server/imap/limits.ts'
import { matchesPattern } from '../../../server/imap/list-pattern.ts'
import {
  checkNewName,
  decodeModifiedUtf7,
  decodeUtf8,
  nameFromWire,
  nameToWire,
  patternFromWire,
} from '../../../server/imap/mailbox-name.ts'
import { entryName } from '../../../server/imap/metadata/entry-name.ts'
import { formatNumbers, positionsOfSequence } from '../../../server/imap/number-set.ts'
import { subjectOf } from '../../../server/imap/sort/keys.ts'
import { UidList } from '../../../server/imap/uid-list.ts'
import { Broken, bucket, type Growth, type Target } from '../target.ts'

const list = new UidList(Uint32Array.from({ length: 20 }, (_, at) => 3 * at + 2))

/** Each with what it makes of a text, in a word. */
const READERS: readonly ((text: string) => string)[] = [
  (text) => name(text, false),
  (text) => name(text, true),
  (text) => String(decodeModifiedUtf7(text)?.length === text.length),
  (text) => {
    const pattern = patternFromWire(text.slice(0, MAX_NAME), true)
    return pattern === undefined ? '-' : String(matchesPattern(pattern, 'INBOX/a/b'))
  },
  (text) => {
    const half = Math.min(MAX_NAME, text.length >> 1)
    return String(matchesPattern(text.slice(0, half), text.slice(half, half * 2)))
  },
  (text) => {
    const url = parseMessageUrl(text)
    return url === undefined
      ? '-'
      : `${url.mailbox === undefined} ${url.section.text} ${url.partial === undefined}`
  },
  (text) => dateTime(text),
  (text) => String(Number.isSafeInteger(parseDay(text))),
  (text) => whole(dayOfDateField(text)),
  (text) => whole(instantOfDateField(text)),
  (text) => entryName(text).scope,
  (text) => `${subjectOf({ subject: text }).text.length === text.length}`,
  (text) => set(text),
  (text) => quoted(text),
]

export const imapText: Target = {
  name: 'imap-text',
  kind: 'imap',
  weight: 2,
  seeds: async () => SEEDS.map((text) => Buffer.from(text, 'latin1')),
  run(input) {
    const text = Buffer.from(input).toString('latin1')
    return READERS.map((read) => refused(() => read(text))).join(' ')
  },
  growth: [
    of('letters', 'a'),
    of('shifts of UTF-7', '&'),
    of('shifts in and out', '&-'),
    of('base64', '&AMc-'),
    of('levels', 'a/'),
    of('wildcards', '*a%'),
    of('percent signs', '%41'),
    of('parameters of a URL', ';UID=1'),
    of('answers to answers', 'Re: '),
    of('forwards', '[fwd: '),
    of('blobs of a subject', '[a]'),
    of('trailers of a subject', '(fwd)'),
    of('spaces', ' '),
    of('combining marks, out of order', '\u00cc\u0096\u00cc\u0095'),
    of('digits', '1'),
    of('a set', '1:3,'),
    of('a date', '1-Jan-2026 '),
    of('entries', '/shared/a'),
    of('octets beyond ASCII', '\u00c4\u00b1'),
  ],
}

const SEEDS = [
  'INBOX',
  'inbox/a',
  '&AMcA9g-p Kutusu/x',
  'Ar\u00c5\u009fiv',
  '*/%',
  '/INBOX;UIDVALIDITY=3/;UID=20/;SECTION=1.2.MIME/;PARTIAL=0.1024',
  ';UID=2',
  ' 2-Jan-2026 03:04:05 +0300',
  '17-Jul-1996 02:44:25 -0700',
  '1-Jan-2026',
  'Fri, 2 Jan 26 03:04:05 +0300',
  '/shared/vendor/openkep/x',
  '/private/comment',
  'Re: [x] Fwd: [fwd: Say\u00c4\u00b1n] (fwd)',
  '1:3,5,7:*',
  '*:4294967295',
]

function refused(read: () => string): string {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return error.condition
  }
}

/** A name that we would show is the same name when it comes back. */
function name(octets: string, utf8: boolean): string {
  const read = nameFromWire(octets, utf8)
  if (nameFromWire(nameToWire(read, utf8), utf8) !== read) throw new Broken('a name comes back as another')
  checkNewName(read)
  return 'a name'
}

/** What is shown names the same second; the year has four digits. */
function dateTime(text: string): string {
  const at = parseDateTime(text)
  if (parseDateTime(formatDateTime(at).slice(1, -1)) !== at) throw new Broken('a time comes back as another')
  return 'a time'
}

function set(text: string): string {
  const cursor = new Cursor(text)
  const read = cursor.numberSet()
  const positions = read.saved ? [] : positionsOfSequence(read, list)
  let last = 0
  const numbers: number[] = []
  for (const [from, to] of positions) {
    if (from < last || to <= from || to > list.length) throw new Broken('a set is out of order or of bounds')
    last = to
    for (let at = from; at < to; at++) numbers.push(at + 1)
  }
  if (numbers.length > 0) new Cursor(formatNumbers(numbers)).numberSet()
  return `${bucket(positions.length)} ${cursor.done}`
}

/** What we send as a string is read as the same octets. */
function quoted(text: string): string {
  if (text.includes('\0') || decodeUtf8(text) === undefined) return '-'
  const sent = string(text)
  const cursor = new Cursor(sent)
  if (cursor.string() !== text || !cursor.done) throw new Broken('a string comes back as another')
  return sent.startsWith('{') ? 'literal' : 'quoted'
}

const whole = (number: number | undefined): string =>
  number === undefined ? '-' : String(Number.isSafeInteger(number))

/** As many of a piece as fit. */
function of(name: string, piece: string): Growth {
  return { name, make: (octets) => Buffer.from(piece.repeat(Math.floor(octets / piece.length)), 'latin1') }
}
