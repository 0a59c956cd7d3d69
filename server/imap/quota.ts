import { string } from '../../mail/imap-string.ts'
import type { MailboxRow } from '../../storage/port.ts'
import { countedOctets, NOT_COUNTED } from '../accounts/standard-mailboxes.ts'
import { no } from './failure.ts'
import type { Session } from './session.ts'

/** One root for all of an account; Deliller has none, because it counts for nothing. */
export const ROOT = ''
/** What STORAGE counts in. [RFC 9208 §5.1] */
const UNIT = 1024

/** Roots of a mailbox, and what they allow. [RFC 9208 §4.1.3] */
export const rootsOf = ({ name }: MailboxRow): readonly string[] => (NOT_COUNTED.has(name) ? [] : [ROOT])

/** `QUOTA "" (STORAGE 10 512)`; rounded so that it never promises more than there is. [RFC 9208 §4.2.1] */
export async function quotaLine(session: Session): Promise<string> {
  const used = Math.ceil((await usedOctets(session)) / UNIT)
  const limit = Math.floor(session.user.account.quota / UNIT)
  return `QUOTA ${string(ROOT)} (STORAGE ${used} ${limit})`
}

/**
 * What a client puts there itself must fit; what is delivered always does. Looked at before an octet travels.
 * [RFC 9208 §4.3.1]
 */
export async function requireSpace(session: Session, target: MailboxRow, octets: number): Promise<void> {
  if (octets > (await spaceLeft(session, target))) throw overQuota()
}

/** Octets; below 0 where more is there than may be. */
export async function spaceLeft(session: Session, target: MailboxRow): Promise<number> {
  if (NOT_COUNTED.has(target.name)) return Number.POSITIVE_INFINITY
  return session.user.account.quota - (await usedOctets(session))
}

export const overQuota = () =>
  no('OVERQUOTA', 'Kota doldu, once yer acin', 'The quota is used up, make room first')

export const isOverQuota = async (session: Session): Promise<boolean> =>
  (await usedOctets(session)) >= session.user.account.quota

const usedOctets = (session: Session): Promise<number> =>
  countedOctets(session.parts.store.mailboxes, session.account)
