import type { DocumentRow, MailboxRow, MessageRow } from '../../storage/port.ts'
import { changeDocument, forgetDocument } from '../change-document.ts'
import { no } from './failure.ts'
import { keywordsIn } from './flags.ts'
import { MAX_MAILBOX_KEYWORDS, PAGE } from './limits.ts'
import { mailboxId } from './object-id.ts'
import type { Session } from './session.ts'

/** Keywords of clients that a mailbox knows, as the first who used them wrote them; some may be in use no more. */
export async function keywordsOf(session: Session, row: MailboxRow): Promise<readonly string[]> {
  return readKeywords(await session.parts.store.annotations.get(keyOf(row)))
}

/**
 * Before messages of a mailbox get keywords: all that it knows are bounded, and what nobody uses any more makes room. Throws
 * LIMIT where there is none.
 */
export async function admitKeywords(
  session: Session,
  row: MailboxRow,
  flags: Iterable<readonly string[]>,
): Promise<void> {
  const wanted = new Map<string, string>()
  for (const some of flags) for (const keyword of keywordsIn(some)) add(wanted, keyword)
  if (wanted.size === 0) return
  await changeDocument(session.parts.store.annotations, keyOf(row), async (stored) => {
    let known = new Map(readKeywords(stored).map((keyword) => [keyword.toLowerCase(), keyword]))
    if ([...wanted.keys()].every((key) => known.has(key))) return undefined
    // Of a mailbox that has no list yet, and of one whose list is full, the messages say it.
    if (stored === undefined || union(known, wanted).size > MAX_MAILBOX_KEYWORDS)
      known = await inUse(session, row)
    const all = union(known, wanted)
    if (all.size > MAX_MAILBOX_KEYWORDS)
      throw no('LIMIT', 'Bu kutuda cok fazla etiket var', 'The mailbox has too many keywords')
    return JSON.stringify([...all.values()])
  })
}

/** With a mailbox goes what it knew. */
export const forgetKeywords = ({ parts }: Session, row: MailboxRow): Promise<void> =>
  forgetDocument(parts.store.annotations, keyOf(row))

const readKeywords = (stored: DocumentRow | undefined): readonly string[] =>
  stored === undefined ? [] : JSON.parse(stored.document)

async function inUse(session: Session, row: MailboxRow): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (let last = 0; ; ) {
    const page: MessageRow[] = await session.parts.store.mailboxes.page(row.id, last, PAGE)
    for (const { flags } of page) for (const keyword of keywordsIn(flags)) add(found, keyword)
    const final = page.at(-1)
    if (final === undefined) return found
    last = final.uid
    await session.slice.breathe()
  }
}

const union = (known: ReadonlyMap<string, string>, more: ReadonlyMap<string, string>): Map<string, string> =>
  new Map([...more, ...known])

/** Keywords compare without case. */
function add(keywords: Map<string, string>, keyword: string): void {
  if (!keywords.has(keyword.toLowerCase())) keywords.set(keyword.toLowerCase(), keyword)
}

const keyOf = (row: MailboxRow): string => `keywords/${row.account}/${mailboxId(row)}`
