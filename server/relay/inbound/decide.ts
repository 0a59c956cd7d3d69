import { type PeerMail, readPeerMail } from '../../../evidence/index.ts'
import { MailError } from '../../../mail/errors.ts'
import { takeDispatch } from './dispatch.ts'
import { takeEvidence } from './evidence-message.ts'
import { takeHints } from './hints.ts'
import { takeOperatorMail } from './operator-box.ts'
import type { Arrival, InboundParts } from './parts.ts'

/** A message that passed this many hops runs in circles. [RFC 5321 §6.3] */
const MAX_HOPS = 30

/** What becomes of a complete message of a known peer: the text behind 250, or MailError. */
export async function decide(parts: InboundParts, arrival: Arrival): Promise<string> {
  const { received, recipients, header } = arrival
  // Two programs would read two messages in it. [RFC 5321 §2.3.8]
  if (received.wire.nul) throw new MailError('NUL_OCTET')
  if (received.wire.bareCr || received.wire.bareLf) throw new MailError('BARE_LINE_END')
  // One of them is ours.
  if (header.filter(({ key }) => key === 'received').length > MAX_HOPS + 1)
    throw new MailError('TOO_MANY_HOPS')
  const mail = await read(parts, arrival)
  // Whoever it is addressed to: a provider may answer the envelope's sender.
  if (mail.kind === 'evidence') return takeEvidence(parts, arrival, mail)
  const bounces = recipients.filter((recipient) => recipient.kind === 'bounce')
  if (mail.kind === 'dispatch' && bounces.length === 0) return takeDispatch(parts, arrival, mail)
  if (mail.kind === 'other' && bounces.length === recipients.length) return takeHints(parts, arrival, bounces)
  const [fault] = received.index.faults
  // Beyond the limits parts are unseen, evidence among them.
  if (fault !== undefined) throw new MailError('MIME_TOO_COMPLEX', fault)
  if (mail.kind === 'dispatch' || recipients.some(({ kind }) => kind !== 'operator'))
    throw new MailError('NOT_A_KEP_MESSAGE')
  return takeOperatorMail(parts, arrival)
}

function read(parts: InboundParts, { received, peer }: Arrival): Promise<PeerMail> {
  const { index, staged, signedDigest } = received
  const at = parts.clock.now()
  const current = peer.signing.filter(
    ({ from, until }) => (from ?? -Infinity) <= at.getTime() && at.getTime() <= (until ?? Infinity),
  )
  return readPeerMail(index, signedDigest, staged.open, {
    providers: parts.providersTrust,
    tsas: parts.tsasTrust,
    users: parts.usersTrust,
    revocation: parts.revocation,
    at,
    ownDomain: parts.domain,
    registered: new Set(current.map(({ certificate }) => certificate.fingerprint)),
    profile: parts.profile,
  })
}
