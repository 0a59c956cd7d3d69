import type { PeerEntry } from '../../config/relay.ts'
import { unfitness } from '../fit-to-sign.ts'
import { type CertificateUse, certificatePlaces } from '../relay/peer-entry.ts'
import { certificatesOf, type Fault, refuseDevelopment } from './certificate-check.ts'

export interface PeerCheck {
  readonly ownDomain: string
  readonly production: boolean
  readonly now: Date
  /** The PEM text behind a value of the entry; undefined where it cannot be had, which was told then. */
  readonly textOf: (value: string, path: string) => Promise<string | undefined>
}

/** An issuer's age is judged with what it issued; these are judged by themselves. */
const LEAVES: ReadonlySet<CertificateUse> = new Set(['server', 'client', 'signing'])

/** Everything that is wrong with one peer beyond the form of its entry. */
export async function checkPeer(
  entry: PeerEntry,
  { ownDomain, production, now, textOf }: PeerCheck,
  fault: Fault,
): Promise<void> {
  if (entry.provider === ownDomain) fault('provider', `${ownDomain} is this provider's own domain`)
  for (const { path, use, value } of certificatePlaces(entry)) {
    const certificates = certificatesOf(await textOf(value, path), path, fault)
    if (production) refuseDevelopment(certificates, path, fault)
    const [certificate] = certificates
    if (certificate === undefined) continue
    if (LEAVES.has(use) && certificate.notAfter < now)
      fault(path, `${certificate.subject.text} expired at ${certificate.notAfter.toISOString()}`)
    const reason = use === 'signing' ? unfitness(certificate) : undefined
    if (reason !== undefined) fault(path, reason)
  }
  for (const [index, { from, until }] of entry.signing.entries())
    if (from !== undefined && until !== undefined && from >= until)
      fault(`signing.${index}`, 'from is not before until')
}
