import { envelopeFields, keptEnvelope, keptStructure } from '../../../mail/mime-codec.ts'
import type { MessageMarks, MessageRow } from '../../../storage/port.ts'
import { formatDateTime } from '../dates.ts'
import { emailId, threadId } from '../object-id.ts'
import type { Session } from '../session.ts'
import type { FetchItem } from './items.ts'
import { responseTo } from './response.ts'

type Kind = FetchItem['kind']

/** Told by what of a message changes. */
const OF_MARKS: ReadonlySet<Kind> = new Set<Kind>(['UID', 'FLAGS', 'MODSEQ'])

/** Told by what is kept beside the index for that. */
const GLANCED: ReadonlySet<Kind> = new Set<Kind>(['ENVELOPE', 'BODYSTRUCTURE', 'THREADID'])
const OF_ROW: ReadonlySet<Kind> = new Set<Kind>(['INTERNALDATE', 'RFC822.SIZE', 'EMAILID', 'SAVEDATE'])

/** Whether rows and glances at their indexes answer all of it: what clients ask of whole mailboxes. None of it is content. */
export const areAtHand = (items: readonly FetchItem[]): boolean =>
  items.every(({ kind }) => OF_MARKS.has(kind) || OF_ROW.has(kind) || GLANCED.has(kind))

/** Whether more of the row is asked for than what changes; who asks this of every message asks for no more mostly. */
export const needRow = (items: readonly FetchItem[]): boolean => items.some(({ kind }) => OF_ROW.has(kind))

export const needGlance = (items: readonly FetchItem[]): boolean =>
  items.some(({ kind }) => GLANCED.has(kind))

/**
 * The whole response; undefined where something of it has to be worked out.
 *
 * @param row of which no more is needed than what changes where {@link needRow} does not hold
 */
export function responseAtHand(
  session: Session,
  row: MessageMarks | MessageRow,
  items: readonly FetchItem[],
  index: Uint8Array | undefined,
): string | undefined {
  const { box, enabled } = session
  let text = `* ${responseTo(row.uid, box.sequenceOf(row.uid), enabled)} (`
  let before = ''
  for (const { kind } of items) {
    const value = valueOfMarks(session, row, kind) ?? valueOfRow(row, kind) ?? valueOfIndex(index, kind)
    if (value === undefined) return undefined
    text += `${before}${kind} ${value}`
    before = ' '
  }
  return `${text})\r\n`
}

/** undefined where that does not tell it. */
export function valueOfMarks(session: Session, marks: MessageMarks, kind: Kind): string | undefined {
  switch (kind) {
    case 'UID':
      return String(marks.uid)
    case 'FLAGS':
      // Before the first octet of the response that shows them.
      session.box.flags.announce(session.out, marks.flags)
      return `(${session.box.flagsOf(marks)})`
    case 'MODSEQ':
      return `(${marks.modseq})`
    default:
      return undefined
  }
}

/** As {@link valueOfMarks}, of what never changes. */
export function valueOfRow(row: MessageMarks | MessageRow, kind: Kind): string | undefined {
  if (!('body' in row)) return undefined
  switch (kind) {
    case 'INTERNALDATE':
      return formatDateTime(row.date)
    case 'RFC822.SIZE':
      return String(row.size)
    case 'EMAILID':
      return `(${emailId(row)})`
    case 'SAVEDATE':
      return formatDateTime(row.saved)
    default:
      return undefined
  }
}

function valueOfIndex(index: Uint8Array | undefined, kind: Kind): string | undefined {
  if (index === undefined) return undefined
  switch (kind) {
    case 'ENVELOPE':
      return keptEnvelope(index)
    case 'BODYSTRUCTURE':
      return keptStructure(index)
    case 'THREADID':
      return threadIdShown(envelopeFields(index))
    default:
      return undefined
  }
}

export function threadIdShown(envelope: Parameters<typeof threadId>[0]): string {
  const id = threadId(envelope)
  return id === undefined ? 'NIL' : `(${id})`
}
