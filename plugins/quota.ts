import { z } from 'zod'
import { definePlugin, proceed, refuse } from './api.ts'

/** Who has used up the quota before the message does not send; receiving goes on. */
export const quota = definePlugin({
  name: 'quota',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.on('mail', async ({ session: { account } }) =>
      (await services.usageOf(account.address)) >= account.quota ? refuse('QUOTA_EXCEEDED') : proceed,
    )
  },
})
