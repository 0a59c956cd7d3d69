import type { Findings } from '../findings.ts'
import { type History, nameOf } from '../history.ts'
import type { FinalState, KeptMailbox } from './final-state.ts'

/** What heads say is what messages add up to, and what readers fetched is what is there (I7). */
export function checkMailboxes(state: FinalState, history: History, findings: Findings): void {
  for (const box of state.mailboxes) {
    const where = `${box.row.account} ${box.row.name}`
    const { uidNext, modseq, ...counted } = sumsOf(box)
    const { exists, unseen, deleted, bytes, ...head } = box.head
    const isSame = JSON.stringify({ exists, unseen, deleted, bytes }) === JSON.stringify(counted)
    findings.expect(
      isSame && head.uidNext >= uidNext && head.modseq >= modseq,
      'wrongHeads',
      () => `${where}: ${JSON.stringify(box.head)} for ${JSON.stringify({ ...counted, uidNext, modseq })}`,
    )
    for (const [uid, { row }] of box.messages) {
      const read = history.bodies.get(nameOf({ account: box.row.account, box: box.row.name, uid }))
      findings.expect(
        read === undefined || read === row.body.hash,
        'otherBodies',
        () => `${where} UID ${uid} at rest`,
      )
    }
  }
}

function sumsOf({ messages, vanished }: KeptMailbox) {
  const rows = [...messages.values()].map(({ row }) => row)
  const has = (flag: string): number => rows.filter(({ flags }) => flags.includes(flag)).length
  return {
    exists: rows.length,
    unseen: rows.length - has('\\Seen'),
    deleted: has('\\Deleted'),
    bytes: rows.reduce((sum, { size }) => sum + size, 0),
    uidNext: Math.max(0, ...messages.keys(), ...vanished.keys()) + 1,
    modseq: Math.max(0, ...rows.map(({ modseq }) => modseq)),
  }
}
