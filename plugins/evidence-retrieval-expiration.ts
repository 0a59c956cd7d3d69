import { z } from 'zod'
import { definePlugin } from './api.ts'
import { baseDraft, reason } from './drafting.ts'

/** Okunmadı delili: nobody read the message within the time of the rules. It has no type number. [TS 102 640-2 §5] */
export const evidenceRetrievalExpiration = definePlugin({
  name: 'evidence-retrieval-expiration',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('retrieval_expired', (event) => ({
      ...baseDraft(services, event, 'retrieval-expiration'),
      reasons: [reason('RetentionPeriodExpired', 'not retrieved in time')],
      refersTo: event.recipient,
    }))
  },
})
