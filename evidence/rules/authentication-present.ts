import type { EvidenceDraft } from '../model/draft.ts'
import { outcomeOf } from '../model/outcome.ts'
import type { EvidenceProfile } from '../model/profile.ts'
import { ROOT_FACTS } from '../model/roots.ts'
import { fail, pass, type Rule } from './rule.ts'

/** Submission says how the sender logged in, reading how the recipient did; an expiry has nobody to name. [TS 102 640-2 §5] */
export const authenticationPresent = (profile: EvidenceProfile): Rule<EvidenceDraft> => ({
  id: 'authentication-present',
  ref: 'TS 102 640-2 §5',
  check({ root, eventCode, senderAuthentication, recipientAuthentication }) {
    const facts = ROOT_FACTS[root]
    const positive = outcomeOf(profile, root, eventCode)?.positive ?? true
    if (facts.senderAuthentication && !senderAuthentication)
      return fail(`${root} needs the sender's authentication`)
    if (facts.recipientAuthentication && positive && !recipientAuthentication)
      return fail(`${root} needs the recipient's authentication`)
    return pass
  },
})
