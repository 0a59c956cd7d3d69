import { z } from 'zod'
import { definePlugin, proceed, refuseQuietly } from './api.ts'
import { valuesOf } from './message.ts'

/**
 * Reports and automatic answers are no registered messages. Refused without evidence, because evidence about an
 * automatic answer would be answered automatically. [RFC 3834 §2] [RFC 6522 §3]
 */
export const noAutomaticMail = definePlugin({
  name: 'no-automatic-mail',
  config: z.strictObject({}),
  register(hooks) {
    hooks.on('data_post', ({ message: { header, index } }) => {
      const [automatic] = valuesOf(header, 'auto-submitted')
      if (automatic !== undefined && !/^no\b/i.test(automatic)) return refuseQuietly('AUTOMATIC_MESSAGE')
      return index.root.type === 'multipart' && index.root.subtype === 'report'
        ? refuseQuietly('AUTOMATIC_MESSAGE')
        : proceed
    })
  },
})
