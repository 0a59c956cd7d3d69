import { hash } from 'node:crypto'
import { AUTHENTICATION_METHODS } from '../../../evidence/model/authentication.ts'
import type { EvidenceDraft } from '../../../evidence/model/draft.ts'
import { DEFAULT_PROFILE } from '../../../evidence/model/profile.ts'
import { evidenceRules } from '../../../evidence/rules/evidence-rules.ts'
import { type Checked, checkAll } from '../../../evidence/rules/rule.ts'

const SENDER = 'bench@hs98.kep.tr'

/** An acceptance to so many recipients. */
export function draftOf(message: Uint8Array, number: number, recipients = 1): Checked<EvidenceDraft> {
  const time = new Date().toISOString()
  return checkAll<EvidenceDraft>(
    {
      root: 'SubmissionAcceptanceRejection',
      version: DEFAULT_PROFILE.version,
      id: `ev-bench-${number}`,
      eventCode: DEFAULT_PROFILE.eventCodes['submission-acceptance'],
      reasons: [],
      policyIds: DEFAULT_PROFILE.policyIds,
      issuer: { names: ['OpenKEP Bench'], language: 'tr', addresses: ['kep@hs98.kep.tr'] },
      senderAuthentication: { time, method: AUTHENTICATION_METHODS.Basic.uri },
      eventTime: time,
      submissionTime: time,
      sender: { addresses: [SENDER] },
      recipients: Array.from({ length: recipients }, (_, at) => ({ addresses: [`r${at}@hs98.kep.tr`] })),
      message: {
        isNotification: false,
        subject: 'Deneme',
        uaMessageId: `<${number}@bench.example>`,
        remmdMessageId: `<rem.${number}@hs98.kep.tr>`,
        digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha256',
        digestValue: hash('sha256', message, 'base64'),
      },
      extensions: [],
    },
    evidenceRules(DEFAULT_PROFILE),
  )
}
