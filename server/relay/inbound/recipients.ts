import { MailError } from '../../../mail/errors.ts'
import { isBelow, parseKepAddress, reservedLocals } from '../../../mail/kep-address.ts'
import { type QueueId, readQueueId } from '../queue-id.ts'

/** Whom a peer may write to here. */
export type InboundRecipient =
  /** An address of our domain, whether there is such an account or not: evidence tells, not the reply. */
  | { readonly kind: 'account'; readonly address: string }
  | { readonly kind: 'operator'; readonly address: string }
  /** Where delivery status reports about our dispatches come back: `bounce+<intake>-hsNN@`. */
  | { readonly kind: 'bounce'; readonly address: string; readonly queue: QueueId | undefined }

export interface OurAddresses {
  readonly domain: string
  readonly serviceAddress: string
}

/** Throws MailError for every address that is not ours (I10). */
export function readRecipient(text: string, { domain, serviceAddress }: OurAddresses): InboundRecipient {
  // Everybody must be able to reach it without knowing a domain. [RFC 5321 §4.5.1]
  if (text.toLowerCase() === 'postmaster') return { kind: 'operator', address: `postmaster@${domain}` }
  const kep = parseKepAddress(text)
  if (kep === undefined) throw new MailError(isBelow(text, domain) ? 'NOT_A_KEP_ADDRESS' : 'NO_RELAYING')
  if (kep.provider !== domain) throw new MailError('NO_RELAYING')
  const { address, local } = kep
  if (kep.domain === domain) {
    if (reservedLocals.has(local) || address === serviceAddress.toLowerCase())
      return { kind: 'operator', address }
    if (local.startsWith(BOUNCE))
      return { kind: 'bounce', address, queue: readQueueId(local.slice(BOUNCE.length)) }
  }
  return { kind: 'account', address }
}

/** As MAIL FROM of our dispatches begins. */
const BOUNCE = 'bounce+'
