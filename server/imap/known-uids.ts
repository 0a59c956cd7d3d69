import type { MailboxHead, MailboxRow } from '../../storage/port.ts'
import type { Known } from './known-values.ts'
import { PAGE } from './limits.ts'
import type { ImapParts } from './parts.ts'
import { UidList } from './uid-list.ts'

/** Where more changed, reading all UIDs is as quick. */
const MAX_CHANGES = 4 * PAGE

/** The UIDs of a mailbox as they were at a modseq. */
export class KnownUids implements Known {
  /** Ascending; shared by all who opened the mailbox. */
  readonly uids: Uint32Array
  readonly modseq: number

  constructor(uids: Uint32Array, modseq: number) {
    this.uids = uids
    this.modseq = modseq
  }

  get octets(): number {
    return this.uids.byteLength
  }
}

/**
 * All UIDs of a mailbox: those that were known, with what came and went since, because reading a hundred thousand takes longer than
 * all else that opening a mailbox does. Whoever opens a mailbox goes on from the modseq that stands beside them.
 *
 * @param head read before
 */
export async function uidsOf(
  { store, knownValues }: Pick<ImapParts, 'store' | 'knownValues'>,
  { id }: Pick<MailboxRow, 'id'>,
  head: MailboxHead,
): Promise<KnownUids> {
  const key = `${id} uids`
  const before = knownValues.get(key)
  if (before instanceof KnownUids && before.modseq === head.modseq) return before
  const isNear = before instanceof KnownUids && leastChanges(before, head) <= MAX_CHANGES
  const caughtUp = isNear ? await caughtUpWith(store, id, before) : undefined
  // The point was read before the list, so that nothing falls between them.
  const known = caughtUp ?? new KnownUids(await store.mailboxes.uids(id), head.modseq)
  knownValues.put(key, known)
  return known
}

/** What came and went; one change of a whole mailbox would be told in one piece, with all its rows. */
function leastChanges({ uids }: KnownUids, { uidNext, exists }: MailboxHead): number {
  const came = Math.max(0, uidNext - 1 - (uids.at(-1) ?? 0))
  return came + Math.max(0, uids.length + came - exists)
}

/** undefined where too much changed. */
async function caughtUpWith(
  { mailboxes }: ImapParts['store'],
  id: string,
  { uids, modseq }: KnownUids,
): Promise<KnownUids | undefined> {
  const last = uids.at(-1) ?? 0
  const added = new Set<number>()
  const gone = new Set<number>()
  let point = modseq
  for (let count = 0; count < MAX_CHANGES; ) {
    const { changed, vanished, modseq: upTo } = await mailboxes.changes(id, point, PAGE)
    for (const { uid } of changed) if (uid > last) added.add(uid)
    for (const uid of vanished) if (!added.delete(uid)) gone.add(uid)
    if (upTo <= point) return new KnownUids(merged(uids, added, gone), point)
    point = upTo
    count += changed.length + vanished.length
  }
  return undefined
}

function merged(uids: Uint32Array, added: ReadonlySet<number>, gone: ReadonlySet<number>): Uint32Array {
  if (added.size === 0 && gone.size === 0) return uids
  const ascending = (all: ReadonlySet<number>): number[] => [...all].sort((a, b) => a - b)
  const list = new UidList(uids)
  list.remove(ascending(gone))
  list.append(ascending(added))
  return list.slice(0, list.length)
}
