import { z } from 'zod'
import { asRelayed } from '../mail/message-record.ts'
import { definePlugin } from './api.ts'
import { baseDraft, reason, relayExtension } from './drafting.ts'

/**
 * KEPHS'ler arası iletim kabul (20) ve ret (21) delili: we checked a peer's dispatch, and took it or not. It goes back to
 * the sending provider. [TS 102 640-2 §5]
 */
export const evidenceRelay = definePlugin({
  name: 'evidence-relay',
  config: z.strictObject({}),
  register(hooks, _settings, services) {
    hooks.draft('relay_in', (event) => {
      const { verdict, recipient, positions } = event
      const { peer, transport, userSignature, submissionEvidence = '' } = asRelayed(event.message)
      const fields = [
        { name: 'SubmissionEvidence', value: submissionEvidence },
        { name: 'UserSignature', value: userSignature },
        { name: 'Transport', value: [transport.ip, transport.tls, transport.identity].join('; ') },
      ].filter(({ value }) => value !== '')
      return {
        ...baseDraft(services, event, verdict === 'accepted' ? 'relay-acceptance' : 'relay-rejection'),
        reasons: verdict === 'accepted' ? [] : [reason(verdict.reason, verdict.details)],
        ...(recipient > 0 ? { refersTo: recipient } : {}),
        extensions: [relayExtension(services, peer, positions, fields)],
      }
    })
  },
})
