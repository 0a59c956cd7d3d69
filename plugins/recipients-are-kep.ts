import { z } from 'zod'
import { definePlugin, proceed, refuse } from './api.ts'

/**
 * KEP mail goes only between KEP accounts (I10), of us or of a provider that we know. Whether a local box exists,
 * is open and may receive is answered with evidence, not here, unless the operator prefers a refusal.
 */
export const recipientsAreKep = definePlugin({
  name: 'recipients-are-kep',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.on('rcpt', async ({ transaction, to, recipient }) => {
      if (recipient === undefined) return refuse('NOT_A_KEP_ADDRESS', to)
      if (!recipient.local && !services.isPeer(recipient.kep.provider)) return refuse('UNKNOWN_PROVIDER', to)
      if (transaction.recipients.length >= services.settings.recipients)
        return refuse('TOO_MANY_RECIPIENTS', `${services.settings.recipients}`)
      if (recipient.local && services.settings.localUnavailable === 'refuse') {
        const account = await services.accountOf(recipient.kep.address)
        if (account?.state !== 'active') return refuse('UNKNOWN_LOCAL_RECIPIENT', to)
      }
      return proceed
    })
  },
})
