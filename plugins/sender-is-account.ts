import { z } from 'zod'
import { definePlugin, proceed, refuse } from './api.ts'

/** The envelope sender is the account that logged in, and never null: a user's message is nobody's bounce. [RFC 6409 §6.1] */
export const senderIsAccount = definePlugin({
  name: 'sender-is-account',
  config: z.strictObject({}),
  register(hooks) {
    hooks.on('mail', ({ session, from }) => {
      if (from === '') return refuse('NULL_SENDER')
      return from.toLowerCase() === session.account.address ? proceed : refuse('SENDER_NOT_ACCOUNT')
    })
  },
})
