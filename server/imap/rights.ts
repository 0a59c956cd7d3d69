import type { Permission } from '../../mail/account.ts'
import { ARCHIVE, TRASH } from '../accounts/standard-mailboxes.ts'
import { SEPARATOR } from './mailbox-name.ts'

/** What putting something there takes: Mail Silme for the trash, Mail Arşivle for the archive; elsewhere it is keeping order. */
export function rightFor(name: string): Permission {
  if (isIn(name, TRASH)) return 'delete'
  return isIn(name, ARCHIVE) ? 'archive' : 'write'
}

const isIn = (name: string, top: string): boolean => name === top || name.startsWith(`${top}${SEPARATOR}`)
