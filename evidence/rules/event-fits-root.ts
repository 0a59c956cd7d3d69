import type { EvidenceDraft } from '../model/draft.ts'
import { outcomeOf } from '../model/outcome.ts'
import type { EvidenceProfile } from '../model/profile.ts'
import { fail, pass, type Rule } from './rule.ts'

/** One root serves two outcomes; an event of another root would prove something that did not happen. [TS 102 640-2 annex B] */
export const eventFitsRoot = (profile: EvidenceProfile): Rule<EvidenceDraft> => ({
  id: 'event-fits-root',
  ref: 'TS 102 640-2 annex B',
  check: ({ root, eventCode }) =>
    outcomeOf(profile, root, eventCode) ? pass : fail(`${eventCode} is no event of ${root}`),
})
