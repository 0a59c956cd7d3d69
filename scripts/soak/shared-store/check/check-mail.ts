import { EVIDENCE, INBOX, SENT } from '../../../../server/accounts/standard-mailboxes.ts'
import type { BlobRef, Store } from '../../../../storage/port.ts'
import type { IntakeRecord } from '../../../../storage/port-copy.ts'
import type { Findings } from '../findings.ts'
import { type History, nameOf, type SentMail } from '../history.ts'
import { SENDER } from '../provider.ts'
import { arrivals, type FinalState, type KeptEvidence } from './final-state.ts'

const TRANSPORT = new Set(['delivery', 'non-delivery', 'relay-failure', 'relay-rejection'])
const READING = new Set(['retrieval', 'retrieval-expiration'])

/** Every message that was accepted, from its acceptance to its last evidence (I1–I5). */
export async function checkMail(
  store: Store,
  state: FinalState,
  history: History,
  findings: Findings,
): Promise<void> {
  const byBody = Map.groupBy(state.intakes, ({ body }) => body?.hash ?? '')
  const ofIntake = Map.groupBy(state.evidence, ({ intake }) => intake ?? '')
  const checker = new MailChecker(store, state, history, findings)
  for (const mail of history.mails) {
    if (mail.messageId === undefined) continue
    const [intake, ...others] = byBody.get(mail.hash) ?? []
    findings.expect(intake !== undefined, 'acceptedLost', () => `${mail.messageId}`)
    findings.expect(others.length === 0, 'acceptedTwice', () => `${mail.messageId}`)
    if (intake !== undefined) await checker.one(mail, intake, ofIntake.get(intake.id) ?? [])
  }
}

class MailChecker {
  readonly #store: Store
  readonly #state: FinalState
  readonly #history: History
  readonly #findings: Findings
  readonly #receipts: ReadonlyMap<string, number>
  readonly #filed: ReadonlyMap<string, number>
  readonly #inboxes = new Map<string, ReadonlyMap<string, number>>()

  constructor(store: Store, state: FinalState, history: History, findings: Findings) {
    this.#store = store
    this.#state = state
    this.#history = history
    this.#findings = findings
    this.#receipts = arrivals(state.box(SENDER, EVIDENCE))
    this.#filed = arrivals(state.box(SENDER, SENT))
  }

  async one(mail: SentMail, intake: IntakeRecord, evidence: readonly KeptEvidence[]): Promise<void> {
    const { broken, expect } = told(this.#findings, intake)
    expect(
      evidence.every(({ meta }) => meta.messageId === mail.messageId),
      'acceptedTwice',
    )
    const accepted = evidence.filter(({ meta }) => meta.outcome === 'submission-acceptance')
    if (accepted.length === 0) broken('withoutAcceptance')
    expect(accepted.length < 2, 'secondOutcomes')
    for (const { eventId } of evidence) {
      const receipts = this.#receipts.get(`receipt/${eventId}`) ?? 0
      expect(receipts > 0, 'receiptsMissing')
      expect(receipts < 2, 'receiptsTwice')
    }
    expect(this.#filed.get(`file/${intake.id}`) === 1, 'notFiledOnce')
    for (const [at, address] of mail.to.entries())
      this.#recipient(
        intake,
        at + 1,
        address,
        evidence.filter(({ meta }) => meta.recipient === at + 1),
      )
    await this.#octets(mail, intake)
  }

  #recipient(
    intake: IntakeRecord,
    position: number,
    address: string,
    evidence: readonly KeptEvidence[],
  ): void {
    const { expect } = told(this.#findings, intake, `recipient ${position}`)
    const inbox = this.#inboxes.get(address) ?? arrivals(this.#state.box(address, INBOX))
    this.#inboxes.set(address, inbox)
    const operation = `deliver/${intake.id}/${position}`
    const times = inbox.get(operation) ?? 0
    expect(times > 0, 'notDelivered')
    expect(times < 2, 'deliveredTwice')
    const outcomes = evidence.map(({ meta }) => meta.outcome)
    const transports = outcomes.filter((outcome) => TRANSPORT.has(outcome))
    const readings = outcomes.filter((outcome) => READING.has(outcome))
    expect(transports.includes('delivery'), 'withoutTransport')
    expect(transports.length < 2 && readings.length < 2, 'secondOutcomes')
    expect(readings.length > 0 || !this.#wasRead(address, operation), 'readWithoutEvidence')
  }

  /** In INBOX: there a message says by which operation it came, also when it is gone. */
  #wasRead(account: string, operation: string): boolean {
    const { messages, vanished } = this.#state.box(account, INBOX)
    const [uid = 0] =
      [...messages].find(([, { opId }]) => opId === operation) ??
      [...vanished].find(([, opId]) => opId === operation) ??
      []
    return this.#history.bodies.has(nameOf({ account, box: INBOX, uid }))
  }

  /** As it was sent, in the message that is kept and inside the dispatch that everybody gets. */
  async #octets(mail: SentMail, intake: IntakeRecord): Promise<void> {
    const { broken, expect } = told(this.#findings, intake)
    const row = this.#state.work.find(({ intake: id, slot }) => id === intake.id && slot === 'put')
    if (row === undefined || intake.body === undefined) return broken('otherOctets')
    const { dispatch }: { dispatch: BlobRef } = JSON.parse(row.payload)
    const kept = Buffer.from(await this.#store.blobs.read(intake.body))
    const sent = Buffer.from(await this.#store.blobs.read(dispatch))
    expect(kept.equals(mail.octets) && sent.includes(mail.octets), 'otherOctets')
    for (const { messages } of this.#state.mailboxes)
      for (const { row: message } of messages.values())
        if (message.delivery?.intake === intake.id) expect(message.body.hash === dispatch.hash, 'otherOctets')
  }
}

function told(findings: Findings, intake: IntakeRecord, where = '') {
  const broken = (name: Parameters<Findings['broken']>[0]): void =>
    findings.broken(name, `${intake.id} ${where}`)
  const expect = (holds: boolean, name: Parameters<Findings['broken']>[0]): void => {
    if (!holds) broken(name)
  }
  return { broken, expect }
}
