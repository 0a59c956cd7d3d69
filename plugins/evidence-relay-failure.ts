import { z } from 'zod'
import { parseKepAddress } from '../mail/kep-address.ts'
import { definePlugin } from './api.ts'
import { baseDraft, reason, relayExtension } from './drafting.ts'

/** KEPHS iletim başarısızlık delili (31): the recipient's provider was not found, not reached, or said nothing. [TS 102 640-2 §5] */
export const evidenceRelayFailure = definePlugin({
  name: 'evidence-relay-failure',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('relay_failed', (event) => {
      const address = event.message.recipients[event.recipient - 1]?.address ?? ''
      const provider = parseKepAddress(address)?.provider ?? ''
      return {
        ...baseDraft(services, event, 'relay-failure'),
        reasons: [reason(event.reason, event.details)],
        refersTo: event.recipient,
        extensions: [relayExtension(services, provider, `${event.recipient}`)],
      }
    })
  },
})
