import { z } from 'zod'
import { may } from '../mail/account.ts'
import { definePlugin, proceed, refuse } from './api.ts'

/** Only an active account with the sender service sends, by a person who has the right. */
export const accountMaySend = definePlugin({
  name: 'account-may-send',
  config: z.strictObject({}),
  register(hooks) {
    hooks.on('mail', ({ session: { account, person } }) => {
      if (account.state !== 'active') return refuse('ACCOUNT_NOT_ACTIVE')
      if (account.service !== 'send-receive' || !may(person, 'write')) return refuse('MAY_NOT_SEND')
      return proceed
    })
  },
})
