import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { decodeIndex } from '../../mail/mime-codec.ts'
import { type Daemon, startDaemon } from '../../scripts/bench/daemon.ts'
import { PASSWORD, prepareMessages, RECIPIENT, SENDER } from '../../scripts/bench/transactions.ts'
import { openSmtpSession } from '../../scripts/client/smtp-session.ts'
import { EVIDENCE_CHAIN } from '../../server/archive/chain-archive.ts'
import type { EvidenceMeta } from '../../server/issue/issuer.ts'
import type { ChainEntry, MessageRow, Store } from '../../storage/port.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { eventually } from '../fakes/eventually.ts'
import { amount } from '../fakes/thorough.ts'

const KILLS = amount({ whole: 10, slice: 3 })
/** More than are sent between so many kills. */
const MESSAGES = 100 * KILLS
const SESSIONS = 4

/**
 * Sends from the list until the daemon is gone; answers with what was acknowledged and what was left unanswered.
 *
 * @param onOpen is told when a session is logged in, which takes its time on a busy machine
 */
async function stream(
  daemon: Daemon,
  waiting: Buffer[],
  onOpen: () => void = () => {},
): Promise<{ acknowledged: Buffer[]; unanswered: Buffer[] }> {
  const acknowledged: Buffer[] = []
  const unanswered: Buffer[] = []
  const one = async (): Promise<void> => {
    await using session = await openSmtpSession(
      { port: daemon.ports.submissions, ca: daemon.ca },
      { user: SENDER, password: PASSWORD },
    )
    onOpen()
    for (let message = waiting.pop(); message !== undefined; message = waiting.pop()) {
      const answer = await session.send(message, { from: SENDER, to: [RECIPIENT] }).catch(() => undefined)
      if (answer?.startsWith('250')) acknowledged.push(message)
      else {
        unanswered.push(message)
        return
      }
    }
  }
  await Promise.allSettled(Array.from({ length: SESSIONS }, one))
  return { acknowledged, unanswered }
}

async function settled(daemon: Daemon): Promise<void> {
  await eventually(async () => {
    await setTimeout(2_100) // the gate looks at the backlog every two seconds
    const waiting = await daemon.metric('openkep_work_backlog')
    return waiting === 0 ? true : undefined
  }, 'an empty backlog')
}

async function allRows(
  store: Store,
  account: string,
  name: string,
): Promise<{ mailbox: string; rows: MessageRow[] }> {
  const mailbox = await store.mailboxes.byName(account, name)
  return { mailbox: mailbox!.id, rows: await store.mailboxes.page(mailbox!.id, 0, 100_000) }
}

test(`kill -9 during a stream of submissions, ${KILLS} times: nothing acknowledged is lost, nothing happens twice`, {
  timeout: 240_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'openkep-kill-'))
  try {
    let daemon = await startDaemon({ folder })
    const waiting = await prepareMessages(daemon, MESSAGES)
    const acknowledged: Buffer[] = []
    let repeated = 0
    for (let turn = 0; turn < KILLS; turn++) {
      const { promise: opened, resolve } = Promise.withResolvers<void>()
      const sending = stream(daemon, waiting, resolve)
      await Promise.race([opened, sending])
      await setTimeout(20 + Math.random() * 400)
      process.kill(daemon.pid, 'SIGKILL')
      const result = await sending
      acknowledged.push(...result.acknowledged)
      // A client that missed its 250 sends the same octets again after the restart.
      waiting.push(...result.unanswered)
      repeated += result.unanswered.length
      daemon = await startDaemon({ folder })
    }
    const last = waiting.splice(-repeated)
    const result = await stream(daemon, last)
    acknowledged.push(...result.acknowledged)
    expect(result.unanswered).toEqual([])
    await settled(daemon)
    await daemon[Symbol.asyncDispose]()

    await using store = await openSqliteStore(join(folder, 'store'), Date.now())
    const ids = acknowledged.map((message) => /Message-ID: (<[^>]+>)/.exec(message.toString('latin1'))![1]!)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(KILLS)

    const inbox = await allRows(store, RECIPIENT, 'INBOX')
    const delivered = new Map<string, number>()
    for (const row of inbox.rows) {
      const index = decodeIndex((await store.mailboxes.index(inbox.mailbox, row.uid))!)
      const original = index.root.children[0]!.children.find((part) => part.type === 'message')!.children[0]!
      const id = original.envelope!.messageId!
      delivered.set(id, (delivered.get(id) ?? 0) + 1)
    }
    expect([...delivered.values()].every((count) => count === 1)).toBe(true)
    expect(ids.filter((id) => !delivered.has(id))).toEqual([])

    const entries: ChainEntry[] = []
    for (
      let page = await store.chain.read(EVIDENCE_CHAIN, 1, 1000);
      page.length > 0;
      page = await store.chain.read(EVIDENCE_CHAIN, page.at(-1)!.seq + 1, 1000)
    )
      entries.push(...page)
    expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => index + 1))
    const outcomes = new Map<string, string[]>()
    for (const entry of entries) {
      const meta: EvidenceMeta = JSON.parse(entry.meta)
      outcomes.set(meta.messageId, [...(outcomes.get(meta.messageId) ?? []), meta.outcome])
    }
    for (const list of outcomes.values()) expect(list.sort()).toEqual(['delivery', 'submission-acceptance'])
    expect(outcomes.size).toBe(delivered.size)

    const receipts = await allRows(store, SENDER, 'Deliller')
    expect(receipts.rows.length).toBe(entries.length)
    const filed = await allRows(store, SENDER, 'Giden Kutusu')
    expect(filed.rows.length).toBe(delivered.size)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
