import { z } from 'zod'
import { definePlugin } from './api.ts'
import { baseDraft, reason } from './drafting.ts'

/** Teslim edilemedi delili (type 41): no mailbox took the dispatch, and why. [TS 102 640-2 §5] */
export const evidenceNonDelivery = definePlugin({
  name: 'evidence-non-delivery',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('nondelivered', (event) => ({
      ...baseDraft(services, event, 'non-delivery'),
      reasons: [reason(event.reason, event.details)],
      refersTo: event.recipient,
    }))
  },
})
