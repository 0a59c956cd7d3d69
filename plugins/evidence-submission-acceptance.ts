import { z } from 'zod'
import { definePlugin } from './api.ts'
import { baseDraft, senderAuthentication, submissionExtension } from './drafting.ts'

/** Gönderi kabul delili (type 10): we took the message after all checks. [TS 102 640-2 §5] */
export const evidenceSubmissionAcceptance = definePlugin({
  name: 'evidence-submission-acceptance',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('accepted', (event) => ({
      ...baseDraft(services, event, 'submission-acceptance'),
      senderAuthentication: senderAuthentication(event.submission),
      extensions: [submissionExtension(services, event.submission)],
    }))
  },
})
