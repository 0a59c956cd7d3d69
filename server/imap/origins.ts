import { turkishCasemap } from '../../mail/turkish-fold.ts'
import type { MailboxRow, MessageRow } from '../../storage/port.ts'
import { EVIDENCE, INBOX, isIn, PIPELINE_ONLY, TRASH } from '../accounts/standard-mailboxes.ts'
import { cameFrom } from './came-from.ts'
import { no } from './failure.ts'
import { SEPARATOR } from './mailbox-name.ts'

/** INBOX and Deliller hold only what the provider put there: nobody can make a message look delivered. */
export function refuseClientMessage(target: MailboxRow): void {
  if (PIPELINE_ONLY.has(target.name))
    throw no('NOPERM', `${target.name} yalniz KEP iletisi alir`, 'holds only what the provider delivered')
}

/** Nor is there a place beside them or below that would look like them. */
export function refuseLikePipeline(name: string): void {
  const [top = ''] = name.split(SEPARATOR, 1)
  for (const own of PIPELINE_ONLY)
    if (name !== own && turkishCasemap(top) === turkishCasemap(own))
      throw no(
        'NOPERM',
        `${own} gibi bir kutu acilamaz`,
        `no mailbox can be made below ${own}, or be called like it`,
      )
}

/** Whether a message may be put back into such a mailbox. */
export function refuseForeignOrigin(from: MailboxRow, target: MailboxRow, rows: readonly MessageRow[]): void {
  if (!PIPELINE_ONLY.has(target.name)) return
  if (!rows.every((row) => belongs(from, target, row))) refuseClientMessage(target)
}

function belongs(from: MailboxRow, target: MailboxRow, row: MessageRow): boolean {
  if (row.origin !== 'pipeline') return false
  // Thrown away from there; only we say so, and where the trash was renamed it says it still.
  if (isIn(from.name, TRASH) && cameFrom(row, target)) return true
  if (target.name === INBOX) return row.delivery !== undefined
  return target.name === EVIDENCE && from.name === EVIDENCE && row.delivery === undefined
}
