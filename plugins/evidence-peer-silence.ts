import { z } from 'zod'
import { definePlugin } from './api.ts'
import { baseDraft, reason } from './drafting.ts'

/**
 * Teslim edilemedi delili (41) made by the sender's provider: the peer took the message and told nothing of its delivery
 * in time. [TS 102 640-2 annex D, reason 9]
 */
export const evidencePeerSilence = definePlugin({
  name: 'evidence-peer-silence',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('peer_silent', (event) => ({
      ...baseDraft(services, event, 'non-delivery'),
      reasons: [reason('S_REMMD_ReceivedNoDeliveryInfoFromR_REMMD', event.details)],
      refersTo: event.recipient,
    }))
  },
})
