import { command } from '../command.ts'
import { no } from '../failure.ts'
import { isOverQuota } from '../quota.ts'
import { SelectedMailbox } from '../selected-mailbox.ts'
import type { Session } from '../session.ts'
import { mailbox } from '../wire-text.ts'

/** [RFC 9051 §6.3.2] [RFC 9051 §6.3.3] */
export const selectCommands = (['SELECT', 'EXAMINE'] as const).map((name) =>
  command({
    name,
    state: 'authenticated',
    sync: 'nothing',
    parse: (cursor) => {
      cursor.space()
      return cursor.astring()
    },
    run: (session, octets) => select(session, octets, name === 'EXAMINE'),
  }),
)

async function select(session: Session, octets: string, examine: boolean): Promise<string> {
  if (session.selected !== undefined) {
    session.leaveMailbox()
    session.out.untagged('OK [CLOSED] The previous mailbox is closed')
  }
  session.require('read')
  const row = await session.mailbox(session.name(octets))
  const readOnly = examine || session.closed
  const opened = await SelectedMailbox.open(session.parts.store.mailboxes, row, readOnly)
  if (opened === undefined) throw no('NONEXISTENT', 'There is no such mailbox')
  const { selected, uidNext } = opened
  session.selected = selected
  const { out } = session
  out.untagged('FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)')
  out.untagged(`OK [PERMANENTFLAGS (${permanentFlags(session, readOnly)})] Flags that stay`)
  out.untagged(`${selected.uids.length} EXISTS`)
  // No message is ever recent: the flag cannot be kept apart for several sessions. [RFC 9051 §E]
  if (!session.rev2) out.untagged('0 RECENT')
  out.untagged(`OK [UIDVALIDITY ${row.uidValidity}] UIDs hold`)
  out.untagged(`OK [UIDNEXT ${uidNext}] The next UID`)
  if (session.rev2) out.untagged(`LIST () "/" ${mailbox(row.name, true)}`)
  // What is delivered still comes; the client is told why it can put nothing there. [RFC 9208 §4.3.1]
  if (await isOverQuota(session)) out.untagged('NO [OVERQUOTA] Kota doldu / The quota is used up')
  return readOnly ? '[READ-ONLY] Opened to read' : '[READ-WRITE] Opened'
}

function permanentFlags(session: Session, readOnly: boolean): string {
  if (readOnly) return ''
  return `\\Answered \\Flagged ${session.may('delete') ? '\\Deleted ' : ''}\\Seen \\Draft \\*`
}
