import { z } from 'zod'
import { may } from '../mail/account.ts'
import { definePlugin, proceed, refuseQuietly, type SessionFacts, type Verdict } from './api.ts'

/** Only an active account with the sender service sends, by a person who has the right. */
export const accountMaySend = definePlugin({
  name: 'account-may-send',
  config: z.strictObject({}),
  register(hooks) {
    const check = ({ account, person }: SessionFacts): Verdict => {
      if (account.state !== 'active') return refuseQuietly('ACCOUNT_NOT_ACTIVE')
      if (account.service !== 'send-receive' || !may(person, 'write')) return refuseQuietly('MAY_NOT_SEND')
      return proceed
    }
    hooks.on('mail', ({ session }) => check(session))
    // What was there at MAIL may be gone: closing and taking a right back hold at once.
    hooks.on('data', ({ transaction }) => check(transaction.session))
    hooks.on('data_post', ({ transaction }) => check(transaction.session))
  },
})
