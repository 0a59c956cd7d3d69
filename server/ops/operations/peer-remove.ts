import { change } from './operation.ts'
import { providerSchema, told } from './peer-entries.ts'

/** Takes away a peer that an operator stored. What still waits for it fails as to a provider that is not known. */
export const peerRemove = change(
  'peer remove',
  providerSchema,
  ({ provider }) => ({ details: { provider } }),
  async ({ peers, clock, relay }, { provider }): Promise<{ provider: string }> => {
    await told(peers.remove(provider, clock.now()))
    relay?.retryNow(provider)
    return { provider }
  },
)
