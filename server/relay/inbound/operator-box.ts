import { createHash } from 'node:crypto'
import { encodeIndex } from '../../../mail/mime-codec.ts'
import { INBOX } from '../../accounts/standard-mailboxes.ts'
import type { Arrival, InboundParts } from './parts.ts'

/** Mail of a peer's people for ours: into the operator's mailbox, as it came. Sent again it is the same message. */
export async function takeOperatorMail(
  { store, clock, operatorBox, events }: InboundParts,
  { peer, sha256, recipients, received }: Arrival,
): Promise<string> {
  const mailbox = await store.mailboxes.byName(operatorBox, INBOX)
  if (mailbox === undefined) throw new Error('the account of the operator has no INBOX')
  const index = encodeIndex(received.index)
  const now = clock.now().getTime()
  for (const { kind, address } of recipients) {
    if (kind !== 'operator') continue
    const name = createHash('sha256').update(`${sha256} ${address}`).digest('hex')
    const { added } = await store.mailboxes.append(mailbox.id, {
      opId: `operator/${name}`,
      body: received.staged.ref,
      staged: [received.staged],
      index,
      flags: [],
      date: now,
      saved: now,
      origin: 'pipeline',
    })
    if (added) events.operatorMail(peer.provider)
  }
  return '2.6.0 alindi / received'
}
