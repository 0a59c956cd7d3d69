import type { MailboxRow } from '../../storage/port.ts'
import { PIPELINE_ONLY } from '../accounts/standard-mailboxes.ts'
import { SEPARATOR, spelledOtherwise } from './mailbox-name.ts'
import type { Session } from './session.ts'
import { mailbox } from './wire-text.ts'

/** What is told of a mailbox wherever it is named. [RFC 9051 §7.3.1] [RFC 6154 §2] */
export function attributesOf(
  name: string,
  row: Pick<MailboxRow, 'specialUse'> | undefined,
  hasChildren: boolean,
): string[] {
  const found = [hasChildren ? '\\HasChildren' : '\\HasNoChildren']
  // So that clients offer no new mailbox there.
  if (PIPELINE_ONLY.has(name)) found.push('\\NoInferiors')
  if (row?.specialUse !== undefined) found.push(row.specialUse)
  return found
}

/** @param oldName under which the client knows it, or called it just now [RFC 9051 §6.3.9.7] */
export function listResponse(
  attributes: readonly string[],
  name: string,
  utf8: boolean,
  oldName?: string,
): string {
  const old = oldName === undefined ? '' : ` ("OLDNAME" (${mailbox(oldName, utf8)}))`
  return `LIST (${attributes.join(' ')}) "${SEPARATOR}" ${mailbox(name, utf8)}${old}`
}

/** The mailbox that a command of IMAP4rev2 opened, with the name by which it was called. [RFC 9051 §6.3.2] */
export async function tellOpened(session: Session, row: MailboxRow, octets: string): Promise<void> {
  const rows = await session.parts.store.mailboxes.list(session.account)
  const hasChildren = rows.some(({ name }) => name.startsWith(row.name + SEPARATOR))
  const attributes = attributesOf(row.name, row, hasChildren)
  const { utf8 } = session.enabled
  session.out.untagged(listResponse(attributes, row.name, utf8, spelledOtherwise(octets, utf8)))
}

/** The same where it was called by a spelling that is not how it is named. [RFC 9051 §6.3.4] [RFC 9051 §6.3.12] */
export async function tellSpelling(session: Session, row: MailboxRow, octets: string): Promise<void> {
  const { rev2, utf8 } = session.enabled
  if (rev2 && spelledOtherwise(octets, utf8) !== undefined) await tellOpened(session, row, octets)
}
