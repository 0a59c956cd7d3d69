import { createHash } from 'node:crypto'
import { readHeader } from '../../../mail/header-read.ts'
import type { MimePart } from '../../../mail/mime-part.ts'
import type { WorkRow } from '../../../storage/port.ts'
import type { QueueId } from '../queue-id.ts'
import type { Arrival, InboundParts } from './parts.ts'

/** A report is a few lines; more of it is not read. */
const MAX_REPORT = 65_536
const MAX_DIAGNOSTIC = 200
/** Of one message; a loop of reports ends here. */
const MAX_HINTS = 10

/**
 * `hint/<hash>` (kind timer, payload `{hint}`): what a mail system on the way said about a dispatch of ours. It proves
 * nothing. Notes it beside the message that it is about, where there is one. [RFC 3464 §2.3]
 */
export async function takeHints(
  parts: InboundParts,
  arrival: Arrival,
  bounces: readonly { readonly queue: QueueId | undefined }[],
): Promise<string> {
  const hint = await readHint(arrival)
  for (const { queue } of bounces) {
    const kept =
      hint !== undefined &&
      queue?.queue === arrival.peer.provider &&
      (await keep(parts, queue.key.intake, hint))
    parts.events.hint(arrival.peer.provider, kept)
  }
  return '2.6.0 alindi / received'
}

async function keep({ store, clock }: InboundParts, intake: string, hint: string): Promise<boolean> {
  if ((await store.intake(intake)) === undefined) return false
  const after = { recipient: 0, slot: 'hint/' }
  const rows = await store.work.of(intake, after, MAX_HINTS)
  if (rows.filter(isHint).length >= MAX_HINTS) return false
  const name = createHash('sha256').update(hint).digest('hex').slice(0, 16)
  const payload = JSON.stringify({ hint })
  const due = clock.now().getTime()
  const [isNew] = await store.work.insert([
    { intake, recipient: 0, slot: `hint/${name}`, kind: 'timer', due, payload },
  ])
  return isNew === true
}

const isHint = ({ recipient, slot }: WorkRow): boolean => recipient === 0 && slot.startsWith('hint/')

/** Action, Status and Diagnostic-Code in a line; undefined where it is no report. */
async function readHint({ received: { index, staged } }: Arrival): Promise<string | undefined> {
  const status = statusPart(index.root)
  if (status === undefined) return undefined
  const end = Math.min(status.bodyEnd, status.bodyStart + MAX_REPORT)
  const octets = Buffer.concat(await Array.fromAsync(staged.open({ start: status.bodyStart, end })))
  const groups = octets
    .toString('latin1')
    .split(/\r\n\r\n/)
    .map((group) => readHeader(Buffer.from(group, 'latin1')))
  const fields = groups.find((group) => group.some(({ key }) => key === 'action'))
  const value = (key: string): string =>
    (fields?.find((field) => field.key === key)?.value ?? '')
      .replace(/[^\x20-\x7e]/g, '?')
      .slice(0, MAX_DIAGNOSTIC)
  const said = [value('action').slice(0, 20), value('status').slice(0, 20), value('diagnostic-code')]
  return said.filter((part) => part !== '').join(' ') || undefined
}

const statusPart = (root: MimePart): MimePart | undefined =>
  root.type === 'multipart' && root.subtype === 'report'
    ? root.children.find(({ type, subtype }) => type === 'message' && subtype === 'delivery-status')
    : undefined
