import { readPositions, writePositions } from '../../../mail/positions.ts'
import type { WorkRow } from '../../../storage/port.ts'
import { Filed } from '../../issue/filed.ts'
import type { MailboxPayload } from '../../issue/steps.ts'
import { CONTRADICTED } from '../../issue/steps.ts'
import { readRecord } from '../../message-records.ts'
import type { PeerEvidencePayload } from '../../relay/payloads.ts'
import { PAGE } from '../limits.ts'
import { emailIdOf } from '../object-id.ts'
import type { Session } from '../session.ts'

/** Evidence told in one value: enough for a hundred recipients, and some tens of kilobytes. */
const MAX_TOLD = 300

/** One delil that lies in Deliller, as integrators read it. */
interface ToldEvidence {
  readonly id: string
  /** The provider that made it, where it is not this one. */
  readonly provider?: string
  readonly outcome: string
  /** Time of the event, ISO 8601. */
  readonly at: string
  /** Whom it is about, as evidence counts them; absent where it is about the message. */
  readonly recipients?: string
  /** In Deliller; absent where its holder removed it. */
  readonly emailId?: string
}

/**
 * What is known of the evidence about a message that this account sent: the names below its entry ('' for itself, `/1` for the
 * first recipient), each with a JSON text in ASCII. Nothing where the account sent no such message.
 */
export async function evidenceEntries(session: Session, hash: string): Promise<ReadonlyMap<string, string>> {
  const { store } = session.parts
  const entries = new Map<string, string>()
  const id = await new Filed(store).intakeOf(session.account, hash)
  const intake = id === undefined ? undefined : await store.intake(id)
  if (intake === undefined) return entries
  const record = await readRecord(store, intake)
  const all: { readonly positions: readonly number[]; readonly told: ToldEvidence }[] = []
  let last = { recipient: -1, slot: '' }
  for (;;) {
    const page = await store.work.of(intake.id, last, PAGE)
    for (const row of page) all.push(...evidenceOf(row))
    const final = page.at(-1)
    if (final === undefined) break
    last = final
    await session.slice.breathe()
  }
  all.sort((a, b) => (a.told.at < b.told.at ? -1 : Number(a.told.at > b.told.at)))
  const text = (told: readonly ToldEvidence[], complete: boolean): string =>
    JSON.stringify({ messageId: record.messageId, complete, evidence: told })
  const isSmall = all.length <= MAX_TOLD
  const ofMessage = isSmall ? all : all.filter(({ positions }) => positions.length === 0)
  entries.set(
    '',
    text(
      ofMessage.slice(0, MAX_TOLD).map(({ told }) => told),
      isSmall,
    ),
  )
  const byRecipient = new Map<number, ToldEvidence[]>()
  for (const { positions, told } of all)
    for (const position of positions) byRecipient.set(position, [...(byRecipient.get(position) ?? []), told])
  for (const [position, told] of [...byRecipient].sort(([a], [b]) => a - b))
    entries.set(`/${position}`, text(told, true))
  return entries
}

/** A row that put a delil into Deliller names it: ours, or a peer's as it came. A notice repeats one. */
function evidenceOf(row: WorkRow): { positions: readonly number[]; told: ToldEvidence }[] {
  if (row.state !== 'done' || row.slot === CONTRADICTED) return []
  if (row.kind === 'evidence' && row.slot.startsWith('in/')) {
    const { provider, eventId, outcome, at, positions, mail }: PeerEvidencePayload = JSON.parse(row.payload)
    const id = eventId.startsWith(`${provider}/`) ? eventId.slice(provider.length + 1) : eventId
    const list = readPositions(positions)
    const told = {
      id,
      provider,
      outcome,
      at,
      recipients: writePositions(list),
      emailId: emailIdOf(mail.hash),
    }
    return [{ positions: list, told }]
  }
  if (row.kind !== 'mailboxOp') return []
  const payload: MailboxPayload = JSON.parse(row.payload)
  if (payload.op !== 'receipt' || payload.lies === undefined) return []
  const { outcome, at, body } = payload.lies
  const positions = row.recipient > 0 ? [row.recipient] : []
  const recipients = row.recipient > 0 ? { recipients: `${row.recipient}` } : {}
  const where = body === undefined ? {} : { emailId: emailIdOf(body) }
  return [{ positions, told: { id: payload.eventId, outcome, at, ...recipients, ...where } }]
}
