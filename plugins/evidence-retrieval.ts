import { z } from 'zod'
import { AUTHENTICATION_METHODS } from '../evidence/index.ts'
import { definePlugin } from './api.ts'
import { baseDraft } from './drafting.ts'

/** Okundu delili (type 60): who read, as which person, when and how it showed. [TS 102 640-2 §5] */
export const evidenceRetrieval = definePlugin({
  name: 'evidence-retrieval',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('retrieved', (event) => {
      const { reader } = event
      return {
        ...baseDraft(services, event, 'retrieval'),
        refersTo: event.recipient,
        recipientAuthentication: {
          time: reader.loginAt,
          method: AUTHENTICATION_METHODS.Basic.uri,
          additional: `${reader.method}; ${reader.ip}; ${reader.client}`,
        },
        delegates: [
          {
            delegate: { names: [reader.person.shown], language: 'tr', addresses: [reader.account] },
            recipients: [event.recipient],
          },
        ],
        transactionLog: [reader.trigger],
      }
    })
  },
})
