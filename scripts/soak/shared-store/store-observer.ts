import { setTimeout } from 'node:timers/promises'
import type { MailboxHead, MailboxRow, Store } from '../../../storage/port.ts'
import type { Findings } from './findings.ts'

/** Nine ask at once: more often, and they take the machine from those whom they observe. */
const ASKS_MS = 400
const PAGE = 200

/**
 * Walks the changes of one mailbox through the store, as every IMAP session does inside. Our IMAP says nothing of modseqs, so
 * their order is looked at here.
 */
export async function observeStore(
  store: Store,
  mailbox: MailboxRow,
  findings: Findings,
  atRest: AbortSignal,
): Promise<void> {
  const walk = new Walk(findings, mailbox)
  for (let isLast = false; ; ) {
    try {
      const head = await store.mailboxes.head(mailbox.id)
      const { modseq, changed, vanished } = await store.mailboxes.changes(mailbox.id, walk.modseq, PAGE)
      const isAll = head !== undefined && modseq >= head.modseq
      if (head !== undefined) walk.sees(head)
      walk.hears(modseq, changed, vanished)
      if (isLast && isAll) break
      isLast = atRest.aborted
    } catch {
      // The database is faulted: what was heard before holds.
    }
    if (!isLast) await setTimeout(ASKS_MS)
  }
  walk.ends(await store.mailboxes.uids(mailbox.id))
}

/** One who hears of every change in turn. */
class Walk {
  modseq = 0
  readonly #findings: Findings
  readonly #where: string
  readonly #rows = new Map<number, number>()
  #head: Pick<MailboxHead, 'modseq' | 'uidNext'> = { modseq: 0, uidNext: 0 }
  #highest = 0

  constructor(findings: Findings, { account, name }: MailboxRow) {
    this.#findings = findings
    this.#where = `${account} ${name}`
  }

  sees({ modseq, uidNext }: MailboxHead): void {
    const isForward = modseq >= this.#head.modseq && uidNext >= this.#head.uidNext
    this.#findings.expect(
      isForward,
      'modseqsBackwards',
      () =>
        `${this.#where}: a head of ${modseq}, ${uidNext} after ${this.#head.modseq}, ${this.#head.uidNext}`,
    )
    this.#head = { modseq, uidNext }
  }

  hears(
    upTo: number,
    changed: readonly { readonly uid: number; readonly modseq: number }[],
    vanished: readonly number[],
  ): void {
    this.#findings.expect(upTo >= this.modseq, 'modseqsBackwards', () => `${this.#where}: up to ${upTo}`)
    const highest = this.#highest
    for (const { uid, modseq } of changed) {
      const isIn = modseq > Math.max(this.modseq, this.#rows.get(uid) ?? 0) && modseq <= upTo
      this.#findings.expect(isIn, 'modseqsBackwards', () => `${this.#where}: UID ${uid} with ${modseq}`)
      const isKnown = this.#rows.has(uid)
      this.#findings.expect(
        isKnown || uid > highest,
        'uidsBackwards',
        () => `${this.#where}: ${uid} after ${highest}`,
      )
      this.#rows.set(uid, modseq)
      this.#highest = Math.max(this.#highest, uid)
    }
    for (const uid of vanished) this.#rows.delete(uid)
    this.modseq = upTo
  }

  ends(uids: Uint32Array): void {
    const known = [...this.#rows.keys()].sort((a, b) => a - b)
    this.#findings.expect(
      String(known) === String([...uids]),
      'otherViews',
      () => `${this.#where}: its changes make ${known}, and there are ${[...uids]}`,
    )
  }
}
