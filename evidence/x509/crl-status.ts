/** What the lists at hand say about one certificate. [RFC 5280 §6.3.3] */
import type { Certificate, StatusFault, TrustContext } from '../ports.ts'
import { type Crl, isSignedBy, readCrl } from './crl.ts'
import { findRevocation, type Revocation } from './crl-entries.ts'
import { ALL_REASONS, coveredReasons } from './distribution-points.ts'
import { sameName } from './name.ts'
import { gravest, HOLD, type Status, unknown } from './status.ts'

/** removeFromCRL: only delta lists have it; in a complete list it says that a hold was lifted. */
const REMOVED = 8

export interface ListQuestion extends Pick<TrustContext, 'at' | 'crls' | 'freshness'> {
  readonly certificate: Certificate
  readonly issuer: Certificate
  /** Further certificates of the issuer's name, of which a path to the same anchor was found; asked for only when needed. */
  readonly otherSigners?: (() => readonly Certificate[]) | undefined
}

/** A list whose signer and scope are right, and for which reasons it answers. */
interface Fitting {
  readonly crl: Crl
  readonly signer: Certificate
  readonly reasons: number
  /** What it says of the certificate. */
  readonly entry: Revocation | undefined
}

/** A complete list by itself, or one brought up to date by a delta; then times and number are the delta's. [RFC 5280 §5.2.4] */
interface View {
  readonly lists: readonly Crl[]
  readonly newest: Crl
  readonly entry: Revocation | undefined
  readonly reasons: number
}

/**
 * One list that says revoked outweighs any number that do not, also when its next update is long due: nobody takes that back, but
 * for a hold. [RFC 5280 §5.3.1] A newer list that is silent takes nothing back either: certificates that expired may leave lists,
 * however they had been revoked. [RFC 5280 §3.3] Lists of the issuer whose signature fails are as if absent: an attacker may put
 * them into a message. "Good" takes current lists that together cover every reason.
 */
export function listStatus(question: ListQuestion): Status {
  const { certificate, at, freshness } = question
  let fault: Status = unknown('CRL_NONE', 'no list of its issuer')
  const refuse = (code: StatusFault, detail: string): undefined => {
    fault = unknown(code, detail)
  }
  const fitting = listsOf(question, refuse)
  const forGood = gravest(
    fitting.flatMap(({ crl, entry }) => (counts(entry, crl, at) && entry.reason !== HOLD ? [entry] : [])),
  )
  if (forGood !== undefined) return revoked(certificate, forGood)
  const isDelta = ({ crl }: Fitting): boolean => crl.deltaBase !== undefined
  const deltas = fitting.filter((list) => isDelta(list) && isCurrent(list.crl, question, refuse))
  for (const delta of deltas) {
    const hold = delta.entry
    if (!counts(hold, delta.crl, at)) continue
    if (!deltas.some((newer) => lifted(newer, delta, question))) return revoked(certificate, hold)
  }
  const found: Uint8Array[] = []
  let covered = 0
  for (const base of fitting) {
    if (isDelta(base)) continue
    const view = viewOf(base, deltas, question)
    if (!isCurrent(view.newest, question, refuse)) continue
    if (counts(view.entry, view.newest, at)) return revoked(certificate, view.entry)
    if (freshness?.listedSince !== undefined && view.newest.thisUpdate < freshness.listedSince) {
      refuse('CRL_STALE', `the list is of ${view.newest.thisUpdate.toISOString()}`)
      continue
    }
    if ((covered | view.reasons) === covered) continue
    covered |= view.reasons
    found.push(...view.lists.map(({ der }) => der))
  }
  if (covered === ALL_REASONS) return { status: 'good', used: found }
  if (covered !== 0) return unknown('CRL_REASONS', 'the lists leave reasons out')
  if (deltas.length > 0 && fault.status === 'unknown' && fault.code === 'CRL_NONE')
    return unknown('CRL_BASE', 'a delta list without the complete one')
  return fault
}

type Refuse = (code: StatusFault, detail: string) => undefined

function listsOf(question: ListQuestion, refuse: Refuse): Fitting[] {
  const { certificate, issuer, crls } = question
  return crls.flatMap((octets) => {
    const crl = open(octets)
    if (crl === undefined || !sameName(crl.issuer, issuer.subject)) return []
    if (crl.unusable !== undefined) return refuse(crl.unusable.code, crl.unusable.detail) ?? []
    const reasons = coveredReasons(certificate, crl.scope)
    if (reasons === 0) return refuse('CRL_SCOPE', 'the list is about other certificates') ?? []
    const signer = signerOf(crl, question)
    if (signer === undefined)
      return refuse('CRL_SIGNATURE', 'not signed by a key of the issuer that may sign lists') ?? []
    return [{ crl, signer, reasons, entry: findRevocation(crl, certificate.serialBytes) }]
  })
}

const signerOf = (crl: Crl, { issuer, otherSigners }: ListQuestion): Certificate | undefined =>
  signs(issuer, crl) ? issuer : otherSigners?.().find((other) => signs(other, crl))

const signs = (signer: Certificate, crl: Crl): boolean =>
  (signer.keyUsage === undefined || signer.keyUsage.has('cRLSign')) &&
  isSignedBy(crl, signer.publicKey, signer.spki)

/** @param deltas that are current */
function viewOf(base: Fitting, deltas: readonly Fitting[], { at }: ListQuestion): View {
  const { crl, reasons, entry: own } = base
  const [newest] = deltas
    .filter((delta) => goesOn(delta, base))
    .toSorted((a, b) => (a.crl.number! < b.crl.number! ? 1 : -1))
  if (newest === undefined) return { lists: [crl], newest: crl, entry: own, reasons }
  const change = newest.entry
  // A hold that was lifted after the time in question held at that time.
  const heeded = newest.crl.thisUpdate <= at || change?.reason !== REMOVED
  return { lists: [crl, newest.crl], newest: newest.crl, entry: (heeded && change) || own, reasons }
}

/** The same scope and key, from a number on that the complete list has reached. [RFC 5280 §5.2.4] */
function goesOn(delta: Fitting, base: Fitting): boolean {
  const { number, deltaBase } = delta.crl
  if (number === undefined || deltaBase === undefined || base.crl.number === undefined) return false
  if (base.crl.number < deltaBase || base.crl.number >= number) return false
  return areOfOneScope(delta, base)
}

/**
 * Whether a newer delta, by the time in question, had lifted the hold of an older: it says so, or goes on from no later a list
 * and does not name the certificate any more. [RFC 5280 §5.2.4]
 */
function lifted(newer: Fitting, older: Fitting, { at }: ListQuestion): boolean {
  const { number, deltaBase, thisUpdate } = newer.crl
  if (number === undefined || older.crl.number === undefined || number <= older.crl.number) return false
  if (thisUpdate > at || !areOfOneScope(newer, older)) return false
  if (newer.entry === undefined) return deltaBase! <= older.crl.deltaBase!
  return newer.entry.reason === REMOVED
}

function areOfOneScope(one: Fitting, other: Fitting): boolean {
  if (one.signer.fingerprint !== other.signer.fingerprint) return false
  const [a, b] = [one.crl.scopeOctets, other.crl.scopeOctets]
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}

function isCurrent(crl: Crl, { certificate, at }: ListQuestion, refuse: Refuse): boolean {
  const fault = (detail: string): boolean => refuse('CRL_EXPIRED', detail) ?? false
  if (crl.nextUpdate === undefined) return fault('a list without nextUpdate')
  if (at > crl.nextUpdate) return fault(`the list ran out at ${crl.nextUpdate.toISOString()}`)
  // A later list may have dropped certificates that expired before it. [RFC 5280 §3.3]
  if (crl.thisUpdate > at && crl.thisUpdate > certificate.notAfter) return fault('the list came after expiry')
  return true
}

/** A list issued after the time in question tells what happened since: only earlier revocations count then. */
const counts = (entry: Revocation | undefined, { thisUpdate }: Crl, at: Date): entry is Revocation =>
  entry !== undefined && entry.reason !== REMOVED && (thisUpdate <= at || entry.date <= at)

const revoked = ({ subject }: Certificate, { date, reason }: Revocation): Status => ({
  status: 'revoked',
  reason,
  detail: `${subject.text}: ${date.toISOString()}`,
})

function open(octets: Uint8Array): Crl | undefined {
  try {
    return readCrl(octets)
  } catch {
    return undefined // a list that cannot be read answers for nobody; `require` then fails closed
  }
}
