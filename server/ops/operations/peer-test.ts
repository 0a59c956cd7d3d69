import type { ProbeReport } from '../../relay/outbound/probe.ts'
import { OperationError, operation } from './operation.ts'
import { providerSchema } from './peer-entries.ts'

/** Connects to a peer as a message would, and says each step; no mail is sent. */
export const peerTest = operation(
  providerSchema,
  async ({ peers, probePeer, relay }, { provider }): Promise<ProbeReport> => {
    const peer = peers.of(provider)
    if (peer === undefined) throw new OperationError('NOT_FOUND', `there is no peer ${provider}`)
    const report = await probePeer(peer)
    if (report.ok) relay?.retryNow(provider) // what waits for it need not wait any longer
    return report
  },
)
