import { type PeerEntry, type PeerEntryInput, peerEntry } from '../../config/relay.ts'
import type { Certificate } from '../../evidence/ports.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { pki } from './pki.ts'

export const pemOf = ({ der }: Pick<Certificate, 'der'>): string => toPem('CERTIFICATE', der)

/** An entry with PEM text, as an operator's peer is stored. */
export const peerText = (over: Partial<PeerEntryInput> = {}): PeerEntry =>
  peerEntry.parse({
    provider: 'hs99.kep.tr',
    name: 'Öteki KEPHS',
    tls: { ca: [pemOf(pki().root.certificate)] },
    signing: [{ certificate: pemOf(pki().provider.certificate) }],
    ...over,
  })
