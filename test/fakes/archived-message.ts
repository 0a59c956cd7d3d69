/** One message with its record, its work and evidence in the chain, as the daemon leaves them in the store. */

import { systemClock } from '../../mail/clock.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import { ChainArchive, EVIDENCE_CHAIN } from '../../server/archive/chain-archive.ts'
import type { EvidenceMeta } from '../../server/issue/issuer.ts'
import { stageBytes } from '../../server/stage-bytes.ts'
import type { Store } from '../../storage/port.ts'
import { draftFor, signedEvidence } from './evidence.ts'

export const ARCHIVED = {
  intake: '0123456789abcdef0123456789abcdef',
  messageId: '<rem.1@hs98.kep.tr>',
  userMessageId: '<1@istemci.example>',
  acceptance: 'ev-0b6f0f0e-0000-4000-8000-000000000001',
  delivery: 'ev-0b6f0f0e-0000-4000-8000-000000000002',
  sender: 'deneme.gonderen@hs98.kep.tr',
  recipient: 'deneme.alici@hs98.kep.tr',
  subject: 'Gizli konu',
  at: Date.parse('2026-01-01T10:00:00.000Z'),
} as const

export async function archiveMessage(store: Store): Promise<void> {
  const original = Buffer.from('Subject: Gizli konu\r\n\r\ngövde\r\n'.repeat(10_000))
  const body = await stageBytes(store, original)
  const record: SubmissionRecord = {
    origin: 'submission',
    id: ARCHIVED.intake,
    messageId: ARCHIVED.messageId,
    userMessageId: ARCHIVED.userMessageId,
    decidedAt: new Date(ARCHIVED.at).toISOString(),
    sender: { address: ARCHIVED.sender, name: 'Ayşe Işık' },
    person: { handle: 'ayse', shown: 'Ayşe Işık' },
    login: { at: new Date(ARCHIVED.at).toISOString(), method: 'password', detail: 'SMTP 127.0.0.1' },
    recipients: [{ address: ARCHIVED.recipient, name: undefined, local: true }],
    subject: ARCHIVED.subject,
    subjectDigest: '00',
    header: { from: '', to: '', cc: '', subject: '', references: '', messageType: undefined },
    message: { size: original.length, sha256: body.ref.hash, eightBit: true },
    signature: undefined,
  }
  const envelope = await stageBytes(store, Buffer.from(JSON.stringify(record)))
  const work = { intake: ARCHIVED.intake, due: ARCHIVED.at, payload: '{}' }
  await store.accept({
    id: ARCHIVED.intake,
    at: ARCHIVED.at,
    body: body.ref,
    envelope: envelope.ref,
    names: [ARCHIVED.messageId, ARCHIVED.userMessageId],
    staged: [envelope, body],
    first: { ...work, recipient: 0, slot: 'submission', kind: 'accepted' },
  })
  const [row] = await store.work.claim(['accepted'], { now: ARCHIVED.at, limit: 1, leaseMs: 1000 })
  if (row === undefined) throw new Error('the acceptance is not due')
  const spawn = [
    { ...work, recipient: 1, slot: 'expiry', kind: 'timer' as const, due: ARCHIVED.at + 86_400_000 },
  ]
  await store.work.settle(row, { done: true, spawn })
  const archive = new ChainArchive(store, systemClock, EVIDENCE_CHAIN)
  async function append(
    eventId: string,
    seconds: number,
    meta: Omit<EvidenceMeta, 'messageId'>,
  ): Promise<void> {
    await archive.append({
      eventId,
      bytes: await signedEvidence(original, { id: eventId, message: draftFor(original).message! }),
      intake: ARCHIVED.intake,
      meta: JSON.stringify({ ...meta, messageId: ARCHIVED.messageId }),
      parties: [ARCHIVED.sender, ...(meta.recipient === undefined ? [] : [ARCHIVED.recipient])],
      at: ARCHIVED.at + seconds * 1000,
      keepUntil: ARCHIVED.at + 1e12,
    })
  }
  const root = 'SubmissionAcceptanceRejection'
  await append(ARCHIVED.acceptance, 0, { root, outcome: 'submission-acceptance', recipient: undefined })
  await append(ARCHIVED.delivery, 2, {
    root: 'DeliveryNonDeliveryToRecipient',
    outcome: 'delivery',
    recipient: 1,
  })
}
