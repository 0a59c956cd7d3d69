import { CAME_FROM, cameFromKeyword } from '../../mail/house-keywords.ts'
import type { FlagsOnTheWay, MailboxRow, MessageRow } from '../../storage/port.ts'
import { isIn, TRASH } from '../accounts/standard-mailboxes.ts'
import { mailboxId } from './object-id.ts'

/** A message that was thrown away from there. */
export const cameFrom = ({ flags }: Pick<MessageRow, 'flags'>, box: MailboxRow): boolean =>
  flags.some((flag) => flag.toLowerCase() === keywordOf(box).toLowerCase())

const keywordOf = (box: MailboxRow): string => cameFromKeyword(mailboxId(box))

/** What comes into the trash says where it came from, and elsewhere nothing of it any more; within the trash it stays said. */
export function onTheWay(from: MailboxRow, to: MailboxRow): FlagsOnTheWay {
  if (!isIn(to.name, TRASH)) return { lost: [CAME_FROM], gained: [] }
  if (isIn(from.name, TRASH)) return { lost: [], gained: [] }
  return { lost: [CAME_FROM], gained: [keywordOf(from)] }
}
