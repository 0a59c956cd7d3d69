import type { MailboxRow, MessageRow } from '../../storage/port.ts'
import { Holds } from '../retention/holds.ts'
import { no } from './failure.ts'
import { formatNumbers } from './number-set.ts'
import type { Session } from './session.ts'

export type MailAct = 'mail deleted' | 'mail moved' | 'mail copied'

/** Of a record beside its details: ids, names, digests. */
const RECORD_OCTETS = 600
/** Messages named in one record: rows of the log stay small. */
const BATCH = 500

/**
 * Who did what with which messages (İleti İşlemleri), durable before it is done. A message is named by its delivery, or by
 * the digest of its octets where it did not come through the pipeline.
 */
export async function recordMail(
  session: Session,
  act: MailAct,
  rows: readonly Pick<MessageRow, 'uid' | 'delivery' | 'body'>[],
  {
    from = session.selected?.row,
    to,
  }: { readonly from?: MailboxRow | undefined; readonly to?: MailboxRow } = {},
): Promise<void> {
  for (let at = 0; at < rows.length; at += BATCH) {
    const batch = rows.slice(at, at + BATCH)
    await recordAct(session, act, {
      mailbox: from?.name,
      ...(to === undefined ? {} : { to: to.name }),
      uids: formatNumbers(batch.map(({ uid }) => uid)),
      messages: batch.map(({ delivery, body }) =>
        delivery === undefined ? body.hash : `${delivery.intake}/${delivery.recipient}`,
      ),
    })
  }
  // Last, since what is held while a record is written is held.
  if (act === 'mail deleted') await new Holds(session.parts.store).keepFor(session.account, rows)
}

/** Copies that were recorded and are taken back: that they are gone is recorded whatever the budget says. */
export async function recordUndone(
  session: Session,
  target: MailboxRow,
  uids: readonly number[],
): Promise<void> {
  if (uids.length > 0)
    await record(session, 'mail copy undone', { mailbox: target.name, uids: formatNumbers(uids) })
}

/** Anything else that a person does in a session. */
export const recordAct = (
  session: Session,
  what: string,
  details: Readonly<Record<string, unknown>>,
): Promise<unknown> => {
  const { recordBudget } = session.parts
  // Nothing is done unrecorded, and nobody fills the disk with records.
  if (!recordBudget.take(session.account, JSON.stringify(details).length + RECORD_OCTETS))
    return Promise.reject(
      no('LIMIT', 'Kisa surede cok islem', 'Too many changes in a short time, try again later'),
    )
  return record(session, what, details)
}

const record = (
  session: Session,
  what: string,
  details: Readonly<Record<string, unknown>>,
): Promise<unknown> => {
  const { handle } = session.user.person
  const { eventLog } = session.parts
  return eventLog.record({
    what,
    by: { person: handle, ip: session.ip },
    account: session.account,
    person: handle,
    details,
  })
}
