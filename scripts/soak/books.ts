import { join } from 'node:path'
import { decodeIndex } from '../../mail/mime-codec.ts'
import { INBOX } from '../../server/accounts/standard-mailboxes.ts'
import { EVIDENCE_CHAIN } from '../../server/archive/chain-archive.ts'
import type { EvidenceMeta } from '../../server/issue/issuer.ts'
import { CONTRADICTED } from '../../server/issue/steps.ts'
import type { Store } from '../../storage/port.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'

/** What a provider's archive and one mailbox say, by our message id. */
export interface Books {
  /** Final transport evidence that this provider made itself. */
  readonly finals: ReadonlyMap<string, readonly string[]>
  /** Final transport evidence that it holds, whoever made it. */
  readonly outcomes: ReadonlyMap<string, readonly string[]>
  /** Dispatches in the mailbox. */
  readonly copies: ReadonlyMap<string, number>
  /** Recipients marked as contradicted. */
  readonly contradicted: number
}

const FINALS = new Set(['delivery', 'non-delivery', 'relay-failure', 'relay-rejection'])
const PAGE = 1000

/** Of a provider that does not run. */
export async function booksOf(folder: string, account?: string): Promise<Books> {
  await using store = await openSqliteStore(join(folder, 'store'), Date.now())
  const finals = new Map<string, string[]>()
  const outcomes = new Map<string, string[]>()
  const intakes = new Set<string>()
  for (let from = 1; ; ) {
    const page = await store.chain.read(EVIDENCE_CHAIN, from, PAGE)
    for (const { meta, intake } of page) {
      const { messageId, outcome, provider }: EvidenceMeta = JSON.parse(meta)
      if (intake !== undefined) intakes.add(intake)
      if (!FINALS.has(outcome)) continue
      outcomes.set(messageId, [...(outcomes.get(messageId) ?? []), outcome])
      if (provider === undefined) finals.set(messageId, [...(finals.get(messageId) ?? []), outcome])
    }
    const last = page.at(-1)
    if (last === undefined) break
    from = last.seq + 1
  }
  let contradicted = 0
  for (const intake of intakes)
    if ((await store.work.get(intake, 1, CONTRADICTED)) !== undefined) contradicted++
  return { finals, outcomes, copies: await copiesIn(store, account), contradicted }
}

async function copiesIn(store: Store, account: string | undefined): Promise<Map<string, number>> {
  const copies = new Map<string, number>()
  const mailbox = account === undefined ? undefined : await store.mailboxes.byName(account, INBOX)
  if (mailbox === undefined) return copies
  for (const row of await store.mailboxes.page(mailbox.id, 0, 1_000_000)) {
    const index = await store.mailboxes.index(mailbox.id, row.uid)
    const id = index === undefined ? undefined : decodeIndex(index).root.envelope?.messageId
    if (id !== undefined) copies.set(id, (copies.get(id) ?? 0) + 1)
  }
  return copies
}
