import { EVIDENCE_CHAIN } from '../../../../server/archive/chain-archive.ts'
import type { EvidenceMeta } from '../../../../server/issue/issuer.ts'
import type { MailboxHead, MailboxRow, MessageRow, Store, WorkRow } from '../../../../storage/port.ts'
import type { IntakeRecord } from '../../../../storage/port-copy.ts'

export interface KeptMessage {
  readonly row: MessageRow
  readonly opId: string
}

export interface KeptMailbox {
  readonly row: MailboxRow
  readonly head: MailboxHead
  readonly messages: Map<number, KeptMessage>
  /** What is gone, by UID: under which operation it had come. */
  readonly vanished: Map<number, string>
}

export interface KeptEvidence {
  readonly eventId: string
  readonly intake: string | undefined
  readonly meta: EvidenceMeta
}

/** What the store says of itself when everything is at rest. */
export class FinalState {
  readonly intakes: IntakeRecord[] = []
  readonly work: WorkRow[] = []
  readonly mailboxes: KeptMailbox[] = []
  readonly evidence: KeptEvidence[] = []
  /** Chain and event id of every entry. */
  readonly events: string[] = []

  box(account: string, name: string): KeptMailbox {
    const found = this.mailboxes.find(({ row }) => row.account === account && row.name === name)
    if (found === undefined) throw new Error(`${account} has no ${name}`)
    return found
  }
}

export async function finalStateOf(store: Store): Promise<FinalState> {
  const state = new FinalState()
  const boxes = new Map<string, KeptMailbox>()
  for await (const record of store.copy.records())
    switch (record.kind) {
      case 'intake':
        state.intakes.push(record)
        break
      case 'work':
        state.work.push(record.row)
        break
      case 'mailbox': {
        const box = { row: record.row, head: record.head, messages: new Map(), vanished: new Map() }
        boxes.set(record.row.id, box)
        state.mailboxes.push(box)
        break
      }
      case 'message':
        boxes.get(record.mailbox)?.messages.set(record.row.uid, record)
        break
      case 'vanished':
        boxes.get(record.mailbox)?.vanished.set(record.uid, record.opId ?? '')
        break
      case 'entry': {
        const { eventId, intake, meta } = record.entry
        state.events.push(`${record.chain} ${eventId}`)
        if (record.chain === EVIDENCE_CHAIN) state.evidence.push({ eventId, intake, meta: JSON.parse(meta) })
      }
    }
  return state
}

/** Every message that came under an operation, also one that is gone: by operation, how many. */
export function arrivals({ messages, vanished }: KeptMailbox): Map<string, number> {
  const counts = new Map<string, number>()
  for (const opId of [...messages.values()].map((message) => message.opId).concat([...vanished.values()]))
    counts.set(opId, (counts.get(opId) ?? 0) + 1)
  return counts
}
