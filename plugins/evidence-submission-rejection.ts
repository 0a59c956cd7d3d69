import { z } from 'zod'
import { asSubmission } from '../mail/message-record.ts'
import { definePlugin } from './api.ts'
import { baseDraft, reason, senderAuthentication, submissionExtension } from './drafting.ts'

/** Gönderi ret delili (type 11): a complete message was refused, and why. [TS 102 640-2 §5] */
export const evidenceSubmissionRejection = definePlugin({
  name: 'evidence-submission-rejection',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('refused', (event) => ({
      ...baseDraft(services, event, 'submission-rejection'),
      reasons: [reason(event.reason, event.details)],
      senderAuthentication: senderAuthentication(asSubmission(event.message)),
      extensions: [submissionExtension(services, asSubmission(event.message))],
    }))
  },
})
