import type { EvidenceDraft } from '../model/draft.ts'
import { outcomeOf } from '../model/outcome.ts'
import type { EvidenceProfile } from '../model/profile.ts'
import { fail, pass, type Rule } from './rule.ts'

/** A refusal without a reason cannot be contested. [TS 102 640-2 annex D] */
export const reasonsWhenNegative = (profile: EvidenceProfile): Rule<EvidenceDraft> => ({
  id: 'reasons-when-negative',
  ref: 'TS 102 640-2 annex D',
  check({ root, eventCode, reasons }) {
    const positive = outcomeOf(profile, root, eventCode)?.positive ?? false
    return positive || reasons.length > 0 ? pass : fail('a negative outcome carries no reason')
  },
})
