import { formatEnvelope } from '../../../mail/imap-envelope.ts'
import { string } from '../../../mail/imap-string.ts'
import { structurePieces } from '../../../mail/imap-structure.ts'
import { decodeIndex } from '../../../mail/mime-codec.ts'
import type { MimeIndex, MimePart } from '../../../mail/mime-part.ts'
import { isTransferEncoding } from '../../../mail/transfer-decoder.ts'
import type { MessageRow } from '../../../storage/port.ts'
import { ConnectionLost, isExpunged, no } from '../failure.ts'
import { decodedPieces, piecesOf } from '../octet-pieces.ts'
import { readByContent, type Span, touchesContent } from '../retrieval-gate.ts'
import type { Session } from '../session.ts'
import { threadIdShown, valueOfMarks, valueOfRow } from './at-hand.ts'
import { chosenFields } from './header-fields.ts'
import type { FetchItem, Partial, Section } from './items.ts'
import { previewOf } from './preview.ts'
import { responseTo } from './response.ts'
import { cut, findPart, spanOf } from './section.ts'

interface Literal {
  readonly size: number
  readonly binary: boolean
  readonly octets: () => AsyncIterable<Buffer>
}

/** One value of an answer: text at hand, or octets that are streamed as a literal. */
type Value = string | Literal

interface Planned {
  readonly label: string
  readonly value: Value
  /** Octets of the message that the value carries; for the question whether that is reading. */
  readonly carries?: Span | undefined
}

interface BegunLiteral extends Omit<Literal, 'octets'> {
  /** undefined: nothing was read yet. */
  readonly first: IteratorResult<Buffer> | undefined
  readonly pieces: AsyncIterator<Buffer>
}

interface Begun extends Omit<Planned, 'value'> {
  readonly value: string | BegunLiteral
}

/** Whether the items need the MIME index, which is read only then. */
export const needsIndex = (items: readonly FetchItem[]): boolean =>
  items.some(
    (item) =>
      item.kind === 'ENVELOPE' ||
      item.kind === 'BODY' ||
      item.kind === 'BODYSTRUCTURE' ||
      item.kind === 'PREVIEW' ||
      item.kind === 'THREADID' ||
      ('section' in item && (item.section.part.length > 0 || item.section.text !== 'ALL')),
  )

/**
 * Answers FETCH for one message; false where it is gone. Everything that can be refused is looked at before the first
 * octet; after it a failure can only end the connection, because a literal that was announced must come.
 */
export async function answerFetch(
  session: Session,
  row: MessageRow,
  items: readonly FetchItem[],
  command: string,
): Promise<boolean> {
  let index: MimeIndex | undefined
  if (needsIndex(items)) {
    const octets = await session.parts.store.mailboxes.index(session.box.row.id, row.uid)
    if (octets === undefined) return false
    index = decodeIndex(octets)
  }
  const begun: Begun[] = []
  try {
    if (!(await beginAll(session, row, index, items, begun))) return false
    const reading = begun.find(({ carries }) => carries !== undefined && touchesContent(row, carries))
    if (reading !== undefined) await readByContent(session, row, `${command} ${reading.label}`)
    await send(session, row, begun)
    return true
  } finally {
    // What was not sent to its end holds a file open.
    for (const { value } of begun) if (typeof value !== 'string') await value.pieces.return?.()
  }
}

/** False where the message is gone. */
async function beginAll(
  session: Session,
  row: MessageRow,
  index: MimeIndex | undefined,
  items: readonly FetchItem[],
  begun: Begun[],
): Promise<boolean> {
  let literals = 0
  try {
    for (const item of items) {
      const one = await begin(await plan(session, row, index, item), literals < MAX_BEGUN)
      begun.push(one)
      if (typeof one.value !== 'string') literals++
      // Fields of a long header take more than a slice of time.
      await session.slice.breathe()
    }
    return true
  } catch (error) {
    if (isExpunged(error)) return false
    throw error
  }
}

/** Literals begun before anything is sent, each a piece and an open file; a client may ask for two hundred and take none. */
const MAX_BEGUN = 4

/** Reads the beginning of a literal before anything is sent: after that only a long one can fail, or one of many. */
async function begin({ value, ...planned }: Planned, mayRead: boolean): Promise<Begun> {
  if (typeof value === 'string') return { ...planned, value }
  const { octets, ...literal } = value
  const pieces = octets()[Symbol.asyncIterator]()
  return { ...planned, value: { ...literal, first: mayRead ? await pieces.next() : undefined, pieces } }
}

async function* fromBeginning({ first, pieces }: BegunLiteral): AsyncGenerator<Buffer> {
  if (first?.done === true) return
  if (first !== undefined) yield first.value
  yield* { [Symbol.asyncIterator]: () => pieces }
}

async function send(session: Session, row: MessageRow, planned: readonly Begun[]): Promise<void> {
  const { out } = session
  let before = `* ${responseTo(row.uid, session.box.sequenceOf(row.uid), session.enabled)} (`
  for (const { label, value } of planned) {
    out.raw(`${before}${label} `)
    before = ' '
    if (typeof value === 'string') out.raw(value)
    else {
      try {
        await out.literal(`${value.binary ? '~' : ''}{${value.size}}\r\n`, fromBeginning(value))
      } catch (error) {
        if (!(error instanceof ConnectionLost) && !isExpunged(error))
          session.parts.events.internalError('imap', error)
        throw new ConnectionLost('a literal could not be completed', { cause: error })
      }
    }
  }
  out.raw(')\r\n')
  await out.room()
}

async function plan(
  session: Session,
  row: MessageRow,
  index: MimeIndex | undefined,
  item: FetchItem,
): Promise<Planned> {
  const { kind } = item
  switch (kind) {
    case 'ENVELOPE':
      return { label: kind, value: formatEnvelope(index?.root.envelope ?? {}) }
    case 'BODY':
    case 'BODYSTRUCTURE':
      return { label: kind, value: index === undefined ? 'NIL' : await structure(session, index, kind) }
    case 'THREADID':
      return { label: kind, value: threadIdShown(index?.root.envelope ?? {}) }
    case 'PREVIEW':
      return { label: kind, value: string(await previewOf(session, row, index)) }
    case 'SECTION':
      return planSection(session, row, index, item)
    case 'BINARY':
    case 'BINARY.SIZE':
      return planBinary(session, row, index, item)
    default:
      return { label: kind, value: valueOfMarks(session, row, kind) ?? valueOfRow(row, kind) ?? 'NIL' }
  }
}

const PIECES_AT_ONCE = 200

async function structure(
  session: Session,
  index: MimeIndex,
  kind: 'BODY' | 'BODYSTRUCTURE',
): Promise<string> {
  const pieces: string[] = []
  for (const piece of structurePieces(index.root, kind === 'BODYSTRUCTURE'))
    if (pieces.push(piece) % PIECES_AT_ONCE === 0) await session.slice.breathe()
  return pieces.join('')
}

/** Of what a section names; {@link Planned.carries} says what of the message leaves. */
export async function planSection(
  session: Session,
  row: MessageRow,
  index: MimeIndex | undefined,
  { label, section, partial }: Extract<FetchItem, { kind: 'SECTION' }>,
): Promise<Planned> {
  const shown = withStart(label, partial)
  const whole =
    index === undefined ? { start: 0, end: row.body.size } : spanOf(index.root, row.body.size, section)
  if (whole === undefined) return { label: shown, value: 'NIL' }
  if (section.text === 'FIELDS' || section.text === 'FIELDS.NOT') {
    return { label: shown, value: await planFields(session, row, whole, section, partial), carries: whole }
  }
  const span = cut(whole, partial)
  const octets = () => piecesOf(session, row.body, span)
  const value = { size: span.end - span.start, binary: false, octets }
  // The header of a part within the original may hold anything, so it is content; those of the envelope's own parts are not.
  return { label: shown, value, carries: span }
}

/** What cannot be decoded is refused before the message counts as seen. [RFC 3516 §4.3] */
export async function refuseUnknownEncodings(
  session: Session,
  row: MessageRow,
  items: readonly FetchItem[],
): Promise<void> {
  const decoded = items.filter((item) => item.kind === 'BINARY' || item.kind === 'BINARY.SIZE')
  if (decoded.length === 0) return
  const octets = await session.parts.store.mailboxes.index(session.box.row.id, row.uid)
  const index = octets && decodeIndex(octets)
  for (const { section } of decoded) encodingOf(index && findPart(index.root, section.part))
}

/** Throws NO where nobody knows it. */
function encodingOf(part: MimePart | undefined): string {
  const encoding = part !== undefined && part.children.length === 0 ? part.encoding : 'binary'
  if (!isTransferEncoding(encoding))
    throw no('UNKNOWN-CTE', 'Bolumun kodlamasi taninmiyor', 'The part has an encoding that nobody knows')
  return encoding
}

/** Fields of an ordinary header are kept until they are sent; more are chosen once more, so that no item holds much in memory. */
async function planFields(
  session: Session,
  { body }: MessageRow,
  whole: Span,
  section: Section,
  partial: Partial | undefined,
): Promise<Value> {
  const most = session.parts.limits.mimeLimits.headerOctets
  const header = { start: whole.start, end: Math.min(whole.end, whole.start + most) }
  const chosen = () => chosenFields(session, body, header, section)
  const kept: Buffer[] = []
  let size = 0
  for await (const lines of chosen()) {
    size += lines.length
    if (size <= MAX_KEPT_FIELDS) kept.push(Buffer.from(lines))
  }
  const range = cut({ start: 0, end: size }, partial)
  const octets = () => slice(size <= MAX_KEPT_FIELDS ? inTurn(kept) : chosen(), range)
  return { size: range.end - range.start, binary: false, octets }
}

/** What clients ask of whole mailboxes is a tenth of it. */
const MAX_KEPT_FIELDS = 4_096

/** Decoded once for its size and once more to be sent, so that no part is held in memory. [RFC 9051 §6.4.5] */
async function planBinary(
  session: Session,
  row: MessageRow,
  index: MimeIndex | undefined,
  item: Extract<FetchItem, { kind: 'BINARY' | 'BINARY.SIZE' }>,
): Promise<Planned> {
  const part = index && findPart(index.root, item.section.part)
  const missing = item.kind === 'BINARY' ? 'NIL' : '0'
  if (index !== undefined && part === undefined) return { label: item.label, value: missing }
  const span =
    part === undefined ? { start: 0, end: row.body.size } : { start: part.bodyStart, end: part.bodyEnd }
  const encoding = encodingOf(part)
  const decoded = () => decodedPieces(session, row.body, span, encoding)
  let size = 0
  let binary = false
  for await (const piece of decoded()) {
    size += piece.length
    binary ||= piece.includes(0)
  }
  if (item.kind === 'BINARY.SIZE') return { label: item.label, value: String(size) }
  const range = cut({ start: 0, end: size }, item.partial)
  const value = { size: range.end - range.start, binary, octets: () => slice(decoded(), range) }
  const carries = range.start < range.end ? span : undefined
  return { label: withStart(item.label, item.partial), value, carries }
}

const withStart = (label: string, partial: Partial | undefined): string =>
  partial === undefined ? label : `${label}<${partial.start}>`

async function* inTurn(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces
}

async function* slice(pieces: AsyncIterable<Buffer>, { start, end }: Span): AsyncGenerator<Buffer> {
  let at = 0
  for await (const piece of pieces) {
    const from = Math.max(0, start - at)
    const to = Math.min(piece.length, end - at)
    if (from < to) yield piece.subarray(from, to)
    at += piece.length
    if (at >= end) return
  }
}
