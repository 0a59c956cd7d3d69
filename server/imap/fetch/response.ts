import type { MessageRow } from '../../../storage/port.ts'
import type { Enabled } from '../enabled.ts'

/** How a response about one message begins: by its number, or by its UID once that is all that counts. [RFC 9586 §3.3] */
export const responseTo = (uid: number, sequence: number, { uidOnly }: Enabled): string =>
  uidOnly ? `${uid} UIDFETCH` : `${sequence} FETCH`

/** A mailbox as one session knows it. */
interface Numbered {
  sequenceOf(uid: number): number
  /** As the session shows them. */
  flagsOf(row: MessageRow): string
}

/** The flags of a row as they are now; its modseq with them for who asked once. [RFC 7162 §3.1] */
export function flagsResponse(
  box: Numbered,
  row: MessageRow,
  enabled: Enabled,
  uid: 'with UID' | 'without UID',
): string {
  const flags = `FLAGS (${box.flagsOf(row)})`
  return response(box, row, enabled, uid, enabled.condstore ? `${flags} MODSEQ (${row.modseq})` : flags)
}

/** After a STORE that was to be silent: the flags are known, the new modseq is not. [RFC 7162 §3.1.3] */
export const modseqResponse = (
  box: Numbered,
  row: MessageRow,
  enabled: Enabled,
  uid: 'with UID' | 'without UID',
): string => response(box, row, enabled, uid, `MODSEQ (${row.modseq})`)

function response(
  box: Numbered,
  row: MessageRow,
  enabled: Enabled,
  uid: 'with UID' | 'without UID',
  items: string,
): string {
  // QRESYNC and IMAP4rev2 want the UID always; UIDFETCH begins with it.
  const withUid = !enabled.uidOnly && (uid === 'with UID' || enabled.rev2 || enabled.qresync)
  return `${responseTo(row.uid, box.sequenceOf(row.uid), enabled)} (${withUid ? `UID ${row.uid} ` : ''}${items})`
}
