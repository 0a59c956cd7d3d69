import { z } from 'zod'
import { parsePemCertificates } from '../../../evidence/index.ts'
import type { Peer } from '../../relay/peer.ts'
import { type CertificateUse, certificatePlaces } from '../../relay/peer-entry.ts'
import type { KnownPeer } from '../../relay/peers.ts'
import { operation } from './operation.ts'

export interface PeerLine {
  readonly provider: string
  readonly name: string
  readonly source: Peer['source']
  /** `MX`, or host, port and kind of TLS. */
  readonly route: string
  readonly certificates: readonly PeerCertificateLine[]
  readonly queue: PeerQueue
}

export interface PeerCertificateLine {
  readonly use: CertificateUse
  readonly subject: string
  /** Lower-case hex SHA-256. */
  readonly fingerprint: string
  /** ISO 8601, UTC. */
  readonly from: string
  readonly until: string
}

export interface PeerQueue {
  readonly pending: number
  readonly held: number
  readonly oldestSince: string | undefined
}

const EMPTY: PeerQueue = { pending: 0, held: 0, oldestSince: undefined }

/** Every peer in order of domain; and queues of providers that are no peer any more. */
export const peerList = operation(
  z.strictObject({}),
  async ({
    peers,
    store,
  }): Promise<{ peers: readonly PeerLine[]; unknown: readonly (PeerQueue & { provider: string })[] }> => {
    const queues = new Map(
      (await store.work.queues()).map(({ queue, pending, held, oldestSince }) => [
        queue,
        {
          pending,
          held,
          oldestSince: oldestSince === undefined ? undefined : new Date(oldestSince).toISOString(),
        },
      ]),
    )
    const known = peers.known()
    return {
      peers: known.map((one) => lineOf(one, queues.get(one.peer.provider) ?? EMPTY)),
      unknown: [...queues]
        .filter(([provider]) => peers.of(provider) === undefined)
        .map(([provider, queue]) => ({ provider, ...queue })),
    }
  },
)

const lineOf = ({ peer, text }: KnownPeer, queue: PeerQueue): PeerLine => ({
  provider: peer.provider,
  name: peer.name,
  source: peer.source,
  route: routeOf(peer.route),
  certificates: certificatePlaces(text).flatMap(({ use, value }) => certificatesOf(use, value)),
  queue,
})

const routeOf = (route: Peer['route']): string =>
  route.kind === 'mx' ? 'MX' : `${route.host}:${route.port} ${route.implicitTls ? 'TLS' : 'STARTTLS'}`

function certificatesOf(use: CertificateUse, pem: string): PeerCertificateLine[] {
  const all = parsePemCertificates(pem)
  // Behind the certificate that counts its issuers may stand.
  const counted = use === 'server-ca' || use === 'client-ca' ? all : all.slice(0, 1)
  return counted.map(({ subject, fingerprint, notBefore, notAfter }) => ({
    use,
    subject: subject.text,
    fingerprint,
    from: notBefore.toISOString(),
    until: notAfter.toISOString(),
  }))
}
