import { z } from 'zod'
import { definePlugin } from './api.ts'
import { baseDraft, servedExtension } from './drafting.ts'

/**
 * Teslim delili (type 40): the dispatch is in the recipient's mailbox; of an e-Tebligat, also when it counts as served.
 * [TS 102 640-2 §5]
 */
export const evidenceDelivery = definePlugin({
  name: 'evidence-delivery',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('delivered', (event) => ({
      ...baseDraft(services, event, 'delivery'),
      refersTo: event.recipient,
      extensions: event.served === undefined ? [] : [servedExtension(services, event.served)],
    }))
  },
})
