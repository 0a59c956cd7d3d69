import { z } from 'zod'
import { definePlugin, proceed, refuse } from './api.ts'
import { typeOf } from './message.ts'

/**
 * Only bodies that the law authorises serve notices. The account says whether it is one, as it is now: a right that
 * was taken away during a session is gone. [7201 sayılı Kanun m. 7/a]
 */
export const eTebligatSender = definePlugin({
  name: 'e-tebligat-sender',
  config: z.strictObject({}),
  register(hooks, _settings, { accountOf }) {
    hooks.on('data_post', async ({ transaction: { session }, message: { header } }) => {
      if (typeOf(header) !== 'eTebligat') return proceed
      const account = await accountOf(session.account.address)
      return account?.mayServe === true ? proceed : refuse('MAY_NOT_SERVE')
    })
  },
})
