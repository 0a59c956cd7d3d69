import { withoutBrackets } from '../../mail/ids.ts'
import type { WorkKey } from '../../storage/port.ts'

/** Behind the slot of an evidence message in a queue; the id leaves it out. */
const EVIDENCE_SUFFIX = '-send'

/** The first label of a provider's domain, `hs99`: what distinguishes it among providers. */
export const providerLabel = (provider: string): string => provider.split('.', 1)[0] ?? provider

/**
 * The name of a row in a peer's queue: `<intake>-hs99` for a dispatch, `<intake>-hs99-<recipient>-<slot>` for an evidence
 * message. The former also stands in MAIL FROM, so that a returned message says what it is about.
 */
export function queueIdOf({ intake, recipient, slot }: WorkKey, queue: string): string {
  const base = `${intake}-${providerLabel(queue)}`
  return slot === dispatchSlot(queue)
    ? base
    : `${base}-${recipient}-${slot.slice(0, -EVIDENCE_SUFFIX.length)}`
}

export interface QueueId {
  readonly queue: string
  readonly key: WorkKey
}

const FORM = /^([0-9a-f]{32})-(hs[0-9]{2,3})(?:-([0-9]{1,5})-([!-~]{1,200}))?$/

/** With or without angle brackets; undefined where the text is no such name. */
export function readQueueId(text: string): QueueId | undefined {
  const [, intake, label, recipient, slot] = FORM.exec(withoutBrackets(text)) ?? []
  if (intake === undefined || label === undefined) return undefined
  const queue = `${label}.kep.tr`
  if (recipient === undefined || slot === undefined)
    return { queue, key: { intake, recipient: 0, slot: dispatchSlot(queue) } }
  return { queue, key: { intake, recipient: Number(recipient), slot: `${slot}${EVIDENCE_SUFFIX}` } }
}

const dispatchSlot = (queue: string): string => `send/${queue}`
