/** What lies in a test provider's mailboxes and archive, as the store tells it. */
import { EVIDENCE_CHAIN } from '../../server/archive/chain-archive.ts'
import type { EvidenceMeta } from '../../server/issue/issuer.ts'
import type { ChainEntry, MessageRow } from '../../storage/port.ts'
import { eventually } from './eventually.ts'
import { DAY } from './moved-clock.ts'
import type { TestProvider } from './provider.ts'

export async function rowsIn(
  { provider }: TestProvider,
  account: string,
  name: string,
): Promise<{ mailbox: string; rows: MessageRow[] }> {
  const { mailboxes } = provider.store
  const mailbox = await mailboxes.byName(account, name)
  if (mailbox === undefined) throw new Error(`${account} has no ${name}`)
  return { mailbox: mailbox.id, rows: await mailboxes.page(mailbox.id, 0, 10_000) }
}

export const bodyOf = async ({ provider }: TestProvider, row: MessageRow): Promise<Buffer> =>
  Buffer.from(await provider.store.blobs.read(row.body))

/** Every message there whose octets hold `needle`. */
export async function holding(
  kep: TestProvider,
  account: string,
  name: string,
  needle: Buffer | string,
): Promise<{ row: MessageRow; body: Buffer }[]> {
  const found: { row: MessageRow; body: Buffer }[] = []
  for (const row of (await rowsIn(kep, account, name)).rows) {
    const body = await bodyOf(kep, row)
    if (body.includes(needle)) found.push({ row, body })
  }
  return found
}

/** Waits for the message whose octets hold `needle`. */
export const arrival = (kep: TestProvider, account: string, name: string, needle: Buffer | string) =>
  eventually(async () => (await holding(kep, account, name, needle))[0], `arrival in ${name}`)

export interface Evidence extends ChainEntry {
  readonly told: EvidenceMeta
}

/** The whole archive, in order. */
export async function archived({ provider }: TestProvider): Promise<Evidence[]> {
  const entries = await provider.store.chain.read(EVIDENCE_CHAIN, 1, 10_000)
  return entries.map((entry) => ({ ...entry, told: JSON.parse(entry.meta) }))
}

/** Waits until the archive holds an evidence of this outcome for the message whose id (ours) is given. */
export const evidenced = (kep: TestProvider, messageId: string, outcome: string) =>
  eventually(
    async () =>
      (await archived(kep)).find(({ told }) => told.messageId === messageId && told.outcome === outcome),
    `${outcome} of ${messageId}`,
  )

/** Outcomes of one message in the order in which they were archived. */
export const outcomesOf = async (kep: TestProvider, messageId: string): Promise<string[]> =>
  (await archived(kep)).filter(({ told }) => told.messageId === messageId).map(({ told }) => told.outcome)

/** Our message id in a 250. */
export function idIn(reply: string): string {
  const id = /^250 \S+ (<[^>]+>)/.exec(reply)?.[1]
  if (id === undefined) throw new Error(`no 250 with an id: ${reply}`)
  return id
}

/** Nothing waits any more but deadlines that are not yet due by the provider's clock. */
export async function atRest({ provider, clock }: TestProvider): Promise<void> {
  const { work } = provider.store
  await eventually(async () => {
    if (((await work.nextDue()) ?? Number.POSITIVE_INFINITY) <= clock.now().getTime()) return undefined
    const waiting = (await work.backlog(Date.now() + 1000 * DAY)).filter(({ kind }) => kind !== 'timer')
    return waiting.length === 0 ? true : undefined
  }, 'rest')
}

/** What the archive holds of one message, whose id is given, in order: outcome, whose, position. */
export const storyOf = async (kep: TestProvider, messageId: string): Promise<string[]> =>
  (await archived(kep))
    .filter(({ told }) => told.messageId === messageId)
    .map(({ told }) => [told.outcome, told.provider ?? 'own', told.recipient ?? 'all'].join(' '))

/** Names of the reasons that an evidence gives. */
export const reasonsIn = ({ bytes }: Pick<Evidence, 'bytes'>): string[] =>
  [
    ...Buffer.from(bytes)
      .toString()
      .matchAll(/EventReason#(\w+)</g),
  ].map(([, name = '']) => name)
