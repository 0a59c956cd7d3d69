import { z } from 'zod'
import { asSubmission } from '../mail/message-record.ts'
import { definePlugin } from './api.ts'
import { baseDraft, senderAuthentication, submissionExtension } from './drafting.ts'

/** Gönderi kabul delili (type 10): we took the message after all checks. [TS 102 640-2 §5] */
export const evidenceSubmissionAcceptance = definePlugin({
  name: 'evidence-submission-acceptance',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('accepted', (event) => ({
      ...baseDraft(services, event, 'submission-acceptance'),
      senderAuthentication: senderAuthentication(asSubmission(event.message)),
      extensions: [submissionExtension(services, asSubmission(event.message))],
    }))
  },
})
