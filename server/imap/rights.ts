import type { Permission } from '../../mail/account.ts'
import type { MailboxRow } from '../../storage/port.ts'
import { ARCHIVE, isIn, PIPELINE_ONLY, TRASH } from '../accounts/standard-mailboxes.ts'
import { DELETED } from './flags.ts'
import type { Session } from './session.ts'

/** What putting something there takes: Mail Silme for the trash, Mail Arşivle for the archive; elsewhere it is keeping order. */
export function rightFor(name: string): Permission {
  if (isIn(name, TRASH)) return 'delete'
  return isIn(name, ARCHIVE) ? 'archive' : 'write'
}

/**
 * Of these flags those that this person may set and clear: \Deleted with Mail Silme (`t`), the others with Mail Okuma (`s`,
 * `w`). No command fails for the rest of them. [RFC 4314 §4]
 */
export const permittedFlags = (session: Session, flags: readonly string[]): string[] =>
  flags.filter((flag) => session.may(flag === DELETED ? 'delete' : 'read'))

/**
 * What this person may do with a mailbox, in the letters of IMAP: it follows from the permissions that the account gives, and
 * nobody changes it here. [RFC 4314 §2.1] `c` and `d` are the old names of what `k`, `x`, `t` and `e` are now. [RFC 4314 §2.1.1]
 */
export function rightsIn(session: Session, { name, fixed }: Pick<MailboxRow, 'name' | 'fixed'>): string {
  if (!session.may('read')) return 'l'
  if (session.closed) return 'lr'
  const removes = session.may('delete')
  const makes = session.may('write') && session.may(rightFor(name))
  const letters: readonly (readonly [string, boolean])[] = [
    ['lrsw', true],
    ['i', makes && !PIPELINE_ONLY.has(name)],
    ['k', makes && !PIPELINE_ONLY.has(name)],
    ['x', removes && !fixed],
    ['te', removes],
    ['c', makes && !PIPELINE_ONLY.has(name)],
    ['d', removes],
  ]
  return letters.flatMap(([letter, has]) => (has ? letter : [])).join('')
}
